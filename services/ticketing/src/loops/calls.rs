//! Ends calls of which nothing was heard for long: a phone system that lost a hang-up must not keep a customer's matter out of the queues for ever.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::Error;

use crate::convert;
use crate::names::TicketRef;
use crate::store::{Call, Store};

/// No call is silent for so long and goes on.
const SILENCE_MAX: TimeDelta = TimeDelta::hours(12);
/// A day's work may wait some minutes.
const EVERY: Duration = Duration::from_secs(300);
/// Ended at once; the rest waits for the next look.
const PORTION: u64 = 200;

/// Goes on until `shutdown`.
pub async fn run(store: Store, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = tick(&store, &clock).await {
            tracing::warn!(error = error.chain(), "calls that went silent could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Ends what went silent. One that fails is tried again by the next tick and holds up no other.
pub async fn tick(store: &Store, clock: &SharedClock) -> Result<(), Error> {
    let before = clock.now() - SILENCE_MAX;
    for (tenant, id) in store.silent_calls(before, PORTION).await? {
        let ended = store
            .change(
                &Call::of_ours(&tenant, "calls"),
                TicketRef::Id(id),
                |ticket, _, now| Ok(ticket.end_silent_call(before, now)),
                |ticket, _| convert::ticket(ticket),
            )
            .await;
        if let Err(error) = ended {
            tracing::warn!(error = error.chain(), ticket = %id, "a call that went silent was not ended");
        }
    }
    Ok(())
}
