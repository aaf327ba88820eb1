//! An agent says yes: ticketing decides, by the generation that was offered.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::Instrument as _;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_error::{Error, Kind};
use vorrang_queue::{Confirmation, Confirmed};

use super::session::Offered;
use crate::app::App;
use crate::decision::What;
use crate::desks::Notice;
use crate::peers;

/// While ticketing is asked the lease must not run out: longer than all attempts take.
const LEASE_MS: u64 = 30_000;
const ATTEMPTS_MAX: u32 = 4;
const RETRY: Duration = Duration::from_millis(100);

/// How an acceptance ended.
pub(super) struct Acceptance {
    pub offer: String,
    pub outcome: Outcome,
}

pub(super) enum Outcome {
    /// Ticketing recorded it.
    Assigned(Box<ticketing::Ticket>),
    /// Ticketing refused it for good: somebody was faster, or the ticket needs nobody any more.
    Taken,
    /// The offer was no longer the agent's.
    Expired,
    /// Ticketing did not decide; whether it recorded it may be unknown.
    Unavailable,
}

/// Asks ticketing, and records what it says. Runs beside the stream and is never cancelled half way.
pub(super) async fn run(
    app: App,
    tenant: String,
    agent: String,
    offer: String,
    offered: Offered,
    accepted_at: DateTime<Utc>,
) -> Acceptance {
    let span = tracing::info_span!(
        "accept",
        otel.name = "routing.accept",
        tenant = tenant,
        ticket = offered.contact.ticket,
        agent = agent,
    );
    vorrang_service::from_trace_parent(&span, &offered.trace);
    let outcome = decide(&app, &tenant, &agent, &offer, &offered, accepted_at)
        .instrument(span)
        .await;
    Acceptance { offer, outcome }
}

async fn decide(
    app: &App,
    tenant: &str,
    agent: &str,
    offer: &str,
    offered: &Offered,
    accepted_at: DateTime<Utc>,
) -> Outcome {
    let lease = [offered.lease(offer)];
    match app.queue.extend(tenant, LEASE_MS, &lease).await {
        Ok(extended) if extended == [None] => return Outcome::Expired,
        Ok(_) => {}
        // Without Redis ticketing still decides; the feed brings the slot when Redis is back.
        Err(error) => tracing::debug!(error = error.chain(), "lease not extended"),
    }
    let contact = &offered.contact;
    let mut attempt = 1;
    let ticket = loop {
        let asked = peers::accept_ticket(
            &app.peers,
            tenant,
            offer,
            &contact.ticket,
            agent,
            contact.generation,
            accepted_at,
        );
        match asked.await {
            Ok(ticket) => break ticket,
            Err(error) => match refusal(&error) {
                Refusal::Final => return Outcome::Taken,
                Refusal::Undecided => {
                    tracing::error!(error = error.chain(), "an acceptance failed; the contact goes back");
                    return Outcome::Unavailable;
                }
                Refusal::MayPass if attempt == ATTEMPTS_MAX => {
                    tracing::warn!(error = error.chain(), "ticketing did not answer an acceptance");
                    return Outcome::Unavailable;
                }
                Refusal::MayPass => {}
            },
        }
        tokio::time::sleep(RETRY * 2_u32.pow(attempt)).await;
        attempt += 1;
    };
    // The log first: after a loss of Redis the slot is taken again from it.
    let accepted = What::Accepted {
        offer: offer.to_owned(),
        agent: agent.to_owned(),
        contact: contact.clone(),
    };
    app.recorder
        .note(tenant, &vorrang_service::trace_parent(), vec![accepted])
        .await;
    confirm(app, tenant, agent, offer, offered, ticket.generation).await;
    Outcome::Assigned(Box::new(ticket))
}

/// What a refused acceptance says about the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Ticketing has decided: it must not be offered again as it is.
    Final,
    /// Asking again, which is safe, may help.
    MayPass,
    /// Nothing: the fault is in the call or in one of us. The contact still waits.
    Undecided,
}

fn refusal(error: &Error) -> Refusal {
    let reason = error.metadata().iter().find(|(key, _)| *key == "peer_reason");
    let reason = reason.map_or("", |(_, reason)| reason.as_str());
    match error.kind() {
        Kind::NotFound => Refusal::Final,
        Kind::Conflict if reason == "GENERATION_CHANGED" => Refusal::Final,
        Kind::Precondition if matches!(reason, "TICKET_CLOSED" | "TICKET_SOLVED") => Refusal::Final,
        // Another change or a twin of ours is on its way.
        Kind::Conflict => Refusal::MayPass,
        Kind::Limited | Kind::Unavailable | Kind::Timeout => Refusal::MayPass,
        Kind::Invalid
        | Kind::AlreadyExists
        | Kind::Precondition
        | Kind::Denied
        | Kind::Unauthenticated
        | Kind::OutOfRange
        | Kind::Internal => Refusal::Undecided,
    }
}

async fn confirm(app: &App, tenant: &str, agent: &str, offer: &str, offered: &Offered, generation: i64) {
    let confirmation = Confirmation {
        ticket: offered.contact.ticket.clone(),
        token: offer.to_owned(),
        agent: agent.to_owned(),
        channel: offered.contact.served_as().word().to_owned(),
        generation,
    };
    match app.queue.confirm(tenant, &[confirmation]).await {
        Ok(confirmed) => {
            for one in confirmed {
                if let Confirmed::Held { ended: Some(held) } = one {
                    app.desks.tell(tenant, &held.agent, Notice::Taken { offer: held.token });
                }
            }
        }
        // The feed says the same in a moment.
        Err(error) => tracing::debug!(error = error.chain(), "acceptance not confirmed in the queues"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ticketing_says_of_the_ticket_takes_a_contact_out_of_the_queue() {
        use Refusal::{Final, MayPass, Undecided};
        for (kind, reason, expected) in [
            (Kind::Conflict, "GENERATION_CHANGED", Final),
            (Kind::Conflict, "DATABASE_CONTENTION", MayPass),
            (Kind::Conflict, "REQUEST_IN_PROGRESS", MayPass),
            (Kind::Conflict, "", MayPass),
            (Kind::NotFound, "RESOURCE_NOT_FOUND", Final),
            (Kind::Precondition, "TICKET_CLOSED", Final),
            (Kind::Precondition, "TICKET_SOLVED", Final),
            (Kind::Precondition, "SCHEMA_OLDER", Undecided),
            (Kind::Precondition, "", Undecided),
            (Kind::Limited, "", MayPass),
            (Kind::Unavailable, "", MayPass),
            (Kind::Timeout, "", MayPass),
            (Kind::Invalid, "REQUEST_ID_REUSED", Undecided),
            (Kind::AlreadyExists, "", Undecided),
            (Kind::Denied, "", Undecided),
            (Kind::Unauthenticated, "", Undecided),
            (Kind::OutOfRange, "", Undecided),
            (Kind::Internal, "", Undecided),
        ] {
            let error = Error::new(kind, "PEER_REFUSED", "no").with("peer", "ticketing");
            let error = if reason.is_empty() {
                error
            } else {
                error.with("peer_reason", reason)
            };
            assert_eq!(refusal(&error), expected, "{kind:?} {reason}");
        }
    }
}
