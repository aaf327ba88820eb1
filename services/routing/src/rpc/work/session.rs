//! One agent's stream from hello to its end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Status, Streaming};
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_error::Error;
use vorrang_queue::{LeaseRef, Outcome as Ended, ReleaseKind, Returns};
use vorrang_service::status;
use vorrang_typing::Throttle;

use super::accept::{Acceptance, Outcome};
use super::hello::{self, Hello};
use crate::agent::Capacity;
use crate::app::App;
use crate::contact::Contact;
use crate::decision::{Decision, Reason, What};
use crate::desks::{Notice, Seat};
use crate::words::Presence;
use crate::{convert, names, rebuild};

/// How often a stream looks for itself: for contacts that another process put back, and for offers that ran out unnoticed.
const LOOK: Duration = Duration::from_secs(1);

/// How long a desktop waits at most, for queues that are being rebuilt and for what its agent holds, before it is told that it is ready.
const READY_MAX: Duration = Duration::from_secs(2);

/// Marks that the desktop is gone; the session ends.
pub(super) struct Gone;

/// The state of one stream.
pub(super) struct Session {
    pub app: App,
    pub tenant: String,
    pub agent: String,
    /// Names the stream.
    pub id: String,
    pub capacities: Vec<Capacity>,
    pub queues: Vec<String>,
    pub presence: Presence,
    /// An offer ran out without a word: nothing is offered until the desktop speaks again.
    pub silent: bool,
    /// By offer.
    pub offers: HashMap<String, Offered>,
    /// Accepted while ticketing did not answer: it may have happened all the same. By ticket.
    pub unsure: HashMap<String, Unsure>,
    pub accepting: JoinSet<Acceptance>,
    /// Tickets the agent was told to hold by this stream: a few dozen bytes for each contact served.
    pub told: HashSet<String>,
    /// Bounds how often the agent's typing is told, by ticket.
    pub typed: HashMap<String, Throttle>,
    /// Looks for what else they hold.
    pub held: JoinSet<Vec<ticketing::Ticket>>,
    out: mpsc::Sender<Result<pb::WorkResponse, Status>>,
}

/// A contact that was offered.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    pub contact: Contact,
    /// Trace context of the push that brought it, by way of our offer.
    pub trace: String,
    pub expires: Instant,
    /// The agent said yes and ticketing is being asked.
    pub accepting: bool,
    /// The feed says that ticketing gave the ticket to the agent.
    pub recorded: bool,
}

/// An acceptance that ticketing did not answer.
#[derive(Debug, Clone)]
pub(super) struct Unsure {
    pub offer: String,
    pub offered: Offered,
    /// The feed says that it was recorded: the agent must be told.
    pub recorded: bool,
}

impl Offered {
    pub(super) fn lease(&self, offer: &str) -> LeaseRef {
        LeaseRef {
            ticket: self.contact.ticket.clone(),
            token: offer.to_owned(),
        }
    }
}

/// Drives a stream to its end.
pub(super) async fn run(
    app: App,
    tenant: String,
    mut inbound: Streaming<pb::WorkRequest>,
    out: mpsc::Sender<Result<pb::WorkResponse, Status>>,
) {
    let hello = match hello::receive(&app, &tenant, &mut inbound).await {
        Ok(Some(hello)) => hello,
        Ok(None) => return,
        Err(error) => {
            let _ = out.send(Err(status(error))).await;
            return;
        }
    };
    let mut session = Session::new(app, tenant, hello, out);
    match session.begin().await {
        Ok(seat) => session.work(inbound, seat).await,
        Err(error) => {
            session.fail(error).await;
            return;
        }
    }
    session.end().await;
}

impl Session {
    fn new(app: App, tenant: String, hello: Hello, out: mpsc::Sender<Result<pb::WorkResponse, Status>>) -> Self {
        let id = app.ids.next(app.clock.now()).to_string();
        Self {
            app,
            tenant,
            agent: hello.agent,
            id,
            capacities: hello.capacities,
            queues: hello.queues,
            presence: Presence::Available,
            silent: false,
            offers: HashMap::new(),
            unsure: HashMap::new(),
            accepting: JoinSet::new(),
            told: HashSet::new(),
            typed: HashMap::new(),
            held: JoinSet::new(),
            out,
        }
    }

    async fn begin(&mut self) -> Result<Seat, Error> {
        let lease_ms = self.app.policies.of(&self.tenant).await?.lease_ms();
        let available = self.presence_change(Presence::Available, "", true);
        self.app
            .recorder
            .record(&self.tenant, &vorrang_service::trace_parent(), vec![available])
            .await?;
        let ready = Response::Ready(pb::Ready {
            lease: Some(convert::millis(lease_ms)),
            heartbeat_interval: Some(convert::millis(lease_ms / 3)),
        });
        // From here on an older stream of this process claims nothing for the agent.
        let seat = self.app.desks.sit_down(&self.tenant, &self.agent, &self.id);
        self.look_for_held();
        // So that a desktop that is ready sees what waits and what its agent holds. What is not known by then comes later.
        let (complete, held) = tokio::join!(
            tokio::time::timeout(READY_MAX, rebuild::ensure(&self.app, &self.tenant)),
            tokio::time::timeout(READY_MAX, self.held.join_next()),
        );
        if !matches!(complete, Ok(Ok(()))) {
            tracing::debug!(tenant = self.tenant, "a desktop is ready before its queues");
        }
        self.withdraw().await;
        // A desktop that left at once is noticed by the loop.
        let _ = self.send(ready).await;
        if let Ok(Some(Ok(held))) = held {
            let _ = self.tell_held(held).await;
        }
        Ok(seat)
    }

    /// Gives back what earlier streams of the agent were shown and left behind, as a process that was killed does: otherwise it would
    /// take the agent's slots until its leases are over. An acceptance that is under way on such a stream is decided by ticketing.
    async fn withdraw(&self) {
        let withdrawn = match self.app.policies.of(&self.tenant).await {
            Ok(policy) => {
                let returns_max = policy.returns().max;
                self.app.queue.withdraw(&self.tenant, &self.agent, returns_max).await
            }
            Err(error) => Err(error),
        };
        let withdrawn = match withdrawn {
            Ok(withdrawn) if withdrawn.is_empty() => return,
            Ok(withdrawn) => withdrawn,
            Err(error) => {
                tracing::debug!(
                    error = error.chain(),
                    "offers of an earlier stream not given back; they expire"
                );
                return;
            }
        };
        let returned = withdrawn.into_iter().map(|one| What::Returned {
            offer: one.lease.token,
            agent: self.agent.clone(),
            ticket: one.lease.ticket,
            reason: Reason::Expired,
            decline_reason: String::new(),
        });
        self.app.recorder.note(&self.tenant, "", returned.collect()).await;
        self.app.desks.ring(&self.tenant);
    }

    async fn work(&mut self, mut inbound: Streaming<pb::WorkRequest>, mut seat: Seat) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let out = self.out.clone();
        loop {
            let went_on = tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(request)) => self.request(request).await,
                    Ok(None) => return,
                    Err(broken) => {
                        // A request that cannot be read is the desktop's mistake, and it must be told; a cut line has nobody to tell.
                        if let Some(error) = vorrang_service::unreadable(&broken) {
                            self.fail(error).await;
                        }
                        return;
                    }
                },
                Some(done) = self.accepting.join_next() => match done {
                    Ok(acceptance) => {
                        if let Outcome::Assigned(ticket) = &acceptance.outcome {
                            self.told.extend(names::ticket(&ticket.name));
                        }
                        self.accepted(acceptance).await
                    }
                    Err(error) => {
                        tracing::error!(%error, "an acceptance ended without an outcome");
                        Ok(())
                    }
                },
                Some(held) = self.held.join_next() => match held {
                    Ok(held) => self.tell_held(held).await,
                    Err(error) => {
                        tracing::error!(%error, "what an agent holds was not found out");
                        Ok(())
                    }
                },
                Some(notice) = seat.notices.recv() => match notice {
                    Notice::Replaced => {
                        self.fail(Error::conflict("SESSION_REPLACED", "the agent has opened another stream")).await;
                        return;
                    }
                    Notice::Disabled => {
                        self.fail(hello::disabled(&self.agent)).await;
                        return;
                    }
                    Notice::Assigned { ticket } if !self.knows(&ticket) => {
                        self.look_for_held();
                        Ok(())
                    }
                    Notice::Typing { ticket, typing } => {
                        let ticket = names::ticket_name(&ticket);
                        self.send(Response::Typing(pb::Typing { ticket, typing })).await
                    }
                    notice => self.notice(notice).await,
                },
                Ok(()) = seat.bell.changed() => Ok(()),
                _ = look.tick() => self.look().await,
                () = out.closed() => return,
            };
            if went_on.is_err() || self.offer_next().await.is_err() {
                return;
            }
        }
    }

    /// Gives everything back: what is being accepted is brought to its end, since ticketing may have decided already.
    async fn end(mut self) {
        while let Some(done) = self.accepting.join_next().await {
            if let Ok(acceptance) = done {
                let _ = self.accepted(acceptance).await;
            }
        }
        let offers: Vec<(String, Offered)> = self.offers.drain().collect();
        let leases: Vec<LeaseRef> = offers.iter().map(|(offer, offered)| offered.lease(offer)).collect();
        let mut decisions = Vec::new();
        let at = self.app.clock.now();
        if !leases.is_empty() {
            // It counts once for each agent, since a contact may be what brings desktops down; but a desktop that comes back may have
            // it again.
            let returns = match self.app.policies.of(&self.tenant).await {
                Ok(policy) => Returns {
                    cooldown_ms: 0,
                    ..policy.returns()
                },
                Err(_) => Returns {
                    max: u32::MAX,
                    cooldown_ms: 0,
                },
            };
            let released = self
                .app
                .queue
                .release(&self.tenant, ReleaseKind::Lost, returns, &leases)
                .await;
            match released {
                Err(error) => tracing::debug!(error = error.chain(), "offers not given back; they expire"),
                // One that is gone was given back by somebody else, who has said so.
                Ok(outcomes) => {
                    for ((offer, offered), _) in offers
                        .into_iter()
                        .zip(outcomes)
                        .filter(|(_, outcome)| *outcome != Ended::Gone)
                    {
                        let what = What::Returned {
                            offer,
                            agent: self.agent.clone(),
                            ticket: offered.contact.ticket,
                            reason: Reason::Expired,
                            decline_reason: String::new(),
                        };
                        decisions.push(Decision {
                            at,
                            trace: offered.trace,
                            what,
                        });
                    }
                }
            }
            self.app.desks.ring(&self.tenant);
        }
        let what = self.presence_change(Presence::Offline, "", false);
        decisions.push(Decision {
            at,
            trace: String::new(),
            what,
        });
        if let Err(error) = self.app.recorder.record_all(&self.tenant, decisions).await {
            tracing::warn!(error = error.chain(), "the end of a stream is missing in the log");
        }
    }

    pub(super) fn presence_change(&self, presence: Presence, reason: &str, hello: bool) -> What {
        What::Presence {
            agent: self.agent.clone(),
            session: self.id.clone(),
            hello,
            presence,
            reason: reason.to_owned(),
            capacities: self.capacities.clone(),
        }
    }

    /// Sends a response; waits while the desktop is slow.
    pub(super) async fn send(&self, response: Response) -> Result<(), Gone> {
        let response = pb::WorkResponse {
            response: Some(response),
        };
        self.out.send(Ok(response)).await.map_err(|_| Gone)
    }

    /// Says that a request could not be followed; the stream goes on.
    pub(super) async fn refuse(&self, reason: &str, message: impl Into<String>) -> Result<(), Gone> {
        let refused = pb::Refused {
            reason: reason.to_owned(),
            message: message.into(),
        };
        self.send(Response::Refused(refused)).await
    }

    async fn fail(&self, error: Error) {
        let _ = self.out.send(Err(status(error))).await;
    }
}
