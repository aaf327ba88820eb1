//! Removes the stored answers of repeatable calls once nobody repeats them any more.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_database::{Database, idempotency};
use vorrang_error::Error;

/// Answers are kept for days; an hour more or less is no matter.
const EVERY: Duration = Duration::from_secs(3_600);

/// Goes on until `shutdown`.
pub async fn run(database: Database, clock: SharedClock, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = tick(&database, &clock).await {
            tracing::warn!(error = error.chain(), "old answers were not removed");
        }
    }
}

async fn tick(database: &Database, clock: &SharedClock) -> Result<(), Error> {
    while idempotency::purge(database, clock.now()).await? > 0 {}
    Ok(())
}
