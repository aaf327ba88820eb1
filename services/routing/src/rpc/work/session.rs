//! One agent's stream from hello to its end.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Status, Streaming};
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_error::Error;
use vorrang_queue::{LeaseRef, ReleaseKind, Returns};
use vorrang_service::status;

use super::accept::Acceptance;
use super::hello::{self, Hello};
use crate::agent::Capacity;
use crate::app::App;
use crate::contact::Contact;
use crate::convert;
use crate::decision::{Decision, Reason, What};
use crate::desks::Notice;
use crate::rebuild;
use crate::words::Presence;

/// How often a stream looks for itself: for contacts that another process put back, and for offers that ran out unnoticed.
const LOOK: Duration = Duration::from_secs(1);

/// How long a desktop waits for queues that are being rebuilt before it is told that it is ready.
const REBUILD_MAX: Duration = Duration::from_secs(2);

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
    if let Err(error) = session.begin().await {
        session.fail(error).await;
        return;
    }
    session.work(inbound).await;
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
            out,
        }
    }

    async fn begin(&mut self) -> Result<(), Error> {
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
        // So that a desktop that is ready sees what waits. What cannot be rebuilt now is tried again while it waits.
        let complete = tokio::time::timeout(REBUILD_MAX, rebuild::ensure(&self.app, &self.tenant)).await;
        if !matches!(complete, Ok(Ok(()))) {
            tracing::debug!(tenant = self.tenant, "a desktop is ready before its queues");
        }
        // A desktop that left at once is noticed by the loop.
        let _ = self.send(ready).await;
        Ok(())
    }

    async fn work(&mut self, mut inbound: Streaming<pb::WorkRequest>) {
        let mut seat = self.app.desks.sit_down(&self.tenant, &self.agent, &self.id);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let out = self.out.clone();
        loop {
            let went_on = tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(request)) => self.request(request).await,
                    Ok(None) | Err(_) => return,
                },
                Some(done) = self.accepting.join_next() => match done {
                    Ok(acceptance) => self.accepted(acceptance).await,
                    Err(error) => {
                        tracing::error!(%error, "an acceptance ended without an outcome");
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
        let leases: Vec<LeaseRef> = self
            .offers
            .iter()
            .map(|(offer, offered)| offered.lease(offer))
            .collect();
        let mut decisions = Vec::new();
        let at = self.app.clock.now();
        if !leases.is_empty() {
            // It counts, since a contact may be what brings desktops down; but a desktop that comes back may have it again.
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
                .release(&self.tenant, ReleaseKind::Counted, returns, &leases)
                .await;
            if let Err(error) = released {
                tracing::debug!(error = error.chain(), "offers not given back; they expire");
            } else {
                for (offer, offered) in self.offers.drain() {
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
                self.app.desks.ring(&self.tenant);
            }
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
