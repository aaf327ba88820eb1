//! What the desktop says.

use tokio::time::Instant;
use vorrang_api::from_duration;
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_request::Request;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_error::{Error, Kind};
use vorrang_queue::{Outcome as Returned, ReleaseKind};
use vorrang_typing::{Note, Side};

use super::accept;
use super::session::{Gone, Session};
use crate::decision::{Reason, What};
use crate::{convert, names};

/// Tickets whose typing is bounded one by one; beyond it the bounds begin anew.
const TYPED_MAX: usize = 1_000;
/// Longest reason in characters.
const REASON_MAX_CHARS: usize = 100;

/// What is wrong with the reason that a desktop gives: a word and a sentence.
fn check_reason(reason: &str) -> Result<(), (&'static str, &'static str)> {
    if reason.chars().count() > REASON_MAX_CHARS {
        return Err(("REASON_TOO_LONG", "reason must have at most 100 characters"));
    }
    if reason.contains('\0') {
        return Err(("REASON_INVALID", "reason must not contain NUL characters"));
    }
    Ok(())
}

impl Session {
    pub(super) async fn request(&mut self, request: pb::WorkRequest) -> Result<(), Gone> {
        self.silent = false;
        match request.request {
            Some(Request::Accept(accept)) => self.accept(accept).await,
            Some(Request::Decline(decline)) => self.decline(decline).await,
            Some(Request::Heartbeat(pb::Heartbeat {})) => self.extend(Reason::Expired).await,
            Some(Request::WrapUp(wrap_up)) => self.wrap_up(wrap_up).await,
            Some(Request::SetPresence(set)) => self.set_presence(set).await,
            Some(Request::Typing(typing)) => {
                self.types(&typing);
                Ok(())
            }
            Some(Request::Hello(_)) => self.refuse("HELLO_REPEATED", "hello is only the first request").await,
            None => {
                self.refuse("REQUEST_UNKNOWN", "the request says nothing that is known here")
                    .await
            }
        }
    }

    async fn accept(&mut self, accept: pb::AcceptOffer) -> Result<(), Gone> {
        let Some(offered) = self.offers.get_mut(&accept.offer) else {
            return self.unknown_offer(&accept.offer).await;
        };
        // Said twice, answered once.
        if !offered.accepting {
            offered.accepting = true;
            let offered = offered.clone();
            let accepted_at = self.app.clock.now();
            self.accepting.spawn(accept::run(
                self.app.clone(),
                self.tenant.clone(),
                self.agent.clone(),
                accept.offer,
                offered,
                accepted_at,
            ));
        }
        Ok(())
    }

    async fn decline(&mut self, decline: pb::DeclineOffer) -> Result<(), Gone> {
        if let Err((reason, message)) = check_reason(&decline.reason) {
            return self.refuse(reason, message).await;
        }
        let Some(offered) = self
            .offers
            .get(&decline.offer)
            .filter(|offered| !offered.accepting)
            .cloned()
        else {
            return self.unknown_offer(&decline.offer).await;
        };
        let lease = [offered.lease(&decline.offer)];
        let ended = self.give_back(ReleaseKind::Counted, &lease).await;
        if ended.as_deref() != Some(&[Returned::Gone]) {
            let what = self.returned(&decline.offer, &offered, Reason::Declined, &decline.reason);
            self.app.recorder.note(&self.tenant, &offered.trace, vec![what]).await;
        }
        self.rescind(&decline.offer, Reason::Declined).await
    }

    async fn wrap_up(&mut self, wrap_up: pb::WrapUp) -> Result<(), Gone> {
        let Ok(ticket) = names::ticket(&wrap_up.ticket) else {
            return self
                .refuse("TICKET_NAME_INVALID", "ticket must be `tickets/{uuid}`")
                .await;
        };
        let mut lengths = Vec::new();
        for sent in [&wrap_up.talk_time, &wrap_up.hold_time] {
            match sent.as_ref().map(from_duration) {
                None => lengths.push(None),
                Some(Some(length)) if length >= chrono::TimeDelta::zero() => lengths.push(Some(length)),
                Some(_) => {
                    let message = "talk_time and hold_time must not be negative";
                    return self.refuse("DURATION_INVALID", message).await;
                }
            }
        }
        match self.finish(&ticket, lengths[0], lengths[1]).await {
            Ok(true) => {
                self.send(Response::Finished(pb::Finished { ticket: wrap_up.ticket }))
                    .await
            }
            Ok(false) => {
                self.refuse(
                    "TICKET_NOT_HELD",
                    format!("{} was not accepted by this agent", wrap_up.ticket),
                )
                .await
            }
            Err(error) => self.refuse_error(error).await,
        }
    }

    /// Frees the slot and logs it; `false` when the ticket was never the agent's by an offer of ours.
    async fn finish(
        &self,
        ticket: &str,
        talk_time: Option<chrono::TimeDelta>,
        hold_time: Option<chrono::TimeDelta>,
    ) -> Result<bool, Error> {
        let worked_on = self.app.store.has_worked_on(&self.tenant, &self.agent, ticket).await?;
        // The acceptance may not be in our log yet: then the slot tells.
        if !worked_on && !self.free_slot(ticket).await? {
            return Ok(false);
        }
        let what = What::WrappedUp {
            agent: self.agent.clone(),
            ticket: ticket.to_owned(),
            talk_time,
            hold_time,
        };
        self.app
            .recorder
            .record(&self.tenant, &vorrang_service::trace_parent(), vec![what])
            .await?;
        // After the log: a rebuild of the queues under way takes slots again from work that the log says is open, and looks once more
        // when it has. Whichever of us comes last sees that this work has ended. The slot may be free already: solving does that too.
        self.free_slot(ticket).await?;
        Ok(true)
    }

    /// Whether a slot was taken until now.
    async fn free_slot(&self, ticket: &str) -> Result<bool, Error> {
        let freed = self
            .app
            .queue
            .finish(&self.tenant, &self.agent, &[ticket.to_owned()])
            .await?;
        Ok(freed == [true])
    }

    async fn set_presence(&mut self, set: pb::SetPresence) -> Result<(), Gone> {
        if let Err((reason, message)) = check_reason(&set.reason) {
            return self.refuse(reason, message).await;
        }
        let Some(presence) = convert::wanted_presence(set.presence) else {
            let message = "presence must be AVAILABLE, BUSY or AWAY; who is offline ends the stream";
            return self.refuse("PRESENCE_INVALID", message).await;
        };
        let what = self.presence_change(presence, &set.reason, false);
        let recorded = self
            .app
            .recorder
            .record(&self.tenant, &vorrang_service::trace_parent(), vec![what])
            .await;
        match recorded {
            Ok(()) => {
                self.presence = presence;
                let presence = convert::presence(presence).into();
                self.send(Response::PresenceSet(pb::PresenceSet { presence })).await
            }
            Err(error) => self.refuse_error(error).await,
        }
    }

    /// Tells the customer, if this stream knows the ticket as the agent's; the customer's side looks once more who has it.
    fn types(&mut self, typing: &pb::Typing) {
        let Ok(ticket) = names::ticket(&typing.ticket) else {
            return;
        };
        if !self.told.contains(&ticket) {
            return;
        }
        if self.typed.len() > TYPED_MAX {
            self.typed.clear();
        }
        if self
            .typed
            .entry(ticket)
            .or_default()
            .passes(typing.typing, Instant::now())
        {
            self.app.typing.tell(&Note {
                tenant: self.tenant.clone(),
                ticket: typing.ticket.clone(),
                agent: names::agent_name(&self.agent),
                side: Side::Agent,
                typing: typing.typing,
            });
        }
    }

    async fn unknown_offer(&self, offer: &str) -> Result<(), Gone> {
        self.refuse(
            "OFFER_UNKNOWN",
            format!("offer {offer:?} is not, or no longer, on this stream"),
        )
        .await
    }

    async fn refuse_error(&self, error: Error) -> Result<(), Gone> {
        if error.kind() == Kind::Internal {
            tracing::error!(error = error.chain(), "a request of a desktop failed");
            return self.refuse("INTERNAL", "internal error; try again").await;
        }
        self.refuse(error.reason(), error.message()).await
    }
}
