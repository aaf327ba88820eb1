//! Sends the surveys that were planned for later.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::Error;

use crate::store::{Due, Store};

/// A delay is of minutes or days: a second more is no matter.
const EVERY: Duration = Duration::from_secs(1);
/// Read at once.
const PORTION: u64 = 200;

/// Goes on until `shutdown`.
pub async fn run(store: Store, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = tick(&store, &clock).await {
            tracing::warn!(error = error.chain(), "surveys that are due could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Sends everything that is due. One that fails is tried again by the next tick and holds up no other.
pub async fn tick(store: &Store, clock: &SharedClock) -> Result<(), Error> {
    let now = clock.now();
    let mut after: Option<Due> = None;
    loop {
        let due = store.due_sendings(now, after.as_ref(), PORTION).await?;
        for one in &due {
            if let Err(error) = store.send_due(&one.tenant, one.id).await {
                tracing::warn!(error = error.chain(), sending = %one.id, "a survey was not sent");
            }
        }
        match due.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}
