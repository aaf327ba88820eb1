//! Links escalated sessions to tickets that did not exist yet.
//!
//! When ticketing is down, ingestion accepts a contact with a receipt and delivers it later. The session keeps the
//! receipt; this loop asks what became of it and writes the ticket into the session, with a second `session_escalated`.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_service::Peers;

use crate::peers;
use crate::session::FollowUp;
use crate::store::{Actor, Call, Refers, Store};

/// Ticketing's outages last minutes; nobody waits for the link.
const EVERY: Duration = Duration::from_secs(5);
/// Most sessions that are asked for at once.
const SESSIONS_MAX: u64 = 100;

pub(crate) async fn run(store: Store, peers: Peers, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => break,
        }
        if let Err(error) = tick(&store, &peers, &clock).await {
            tracing::warn!(error = error.chain(), "sessions not linked to their tickets yet");
        }
    }
}

/// Links what can be linked now.
pub(crate) async fn tick(store: &Store, peers: &Peers, clock: &SharedClock) -> Result<(), Error> {
    for (tenant, session) in store.awaiting_ticket(SESSIONS_MAX).await? {
        let Some(FollowUp::Receipt(receipt)) = &session.follow_up else {
            continue;
        };
        let Some((follow_up, customer)) = peers::delivered(peers, &tenant, receipt).await? else {
            continue;
        };
        let call = Call {
            tenant,
            request_id: String::new(),
            request_hash: [0; 32],
            actor: Actor::Automation("knowledge".to_owned()),
            trace_parent: vorrang_service::trace_parent(),
            now: clock.now(),
        };
        store
            .change_session(&call, session.id, Some(Refers::Customer(&customer)), |session| {
                Ok(session.link(follow_up))
            })
            .await?;
    }
    Ok(())
}
