//! Removes the stored answers of repeatable calls once nobody repeats them any more.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_database::{Database, idempotency};
use vorrang_error::Error;

/// Answers are kept for days; an hour more or less is no matter.
const EVERY: Duration = Duration::from_secs(3_600);

pub(crate) async fn run(database: Database, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = tick(&database, &clock).await {
            tracing::warn!(error = error.chain(), "old answers not removed");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

async fn tick(database: &Database, clock: &SharedClock) -> Result<(), Error> {
    while idempotency::purge(database, clock.now()).await? > 0 {}
    Ok(())
}
