//! Removes what nobody needs any more: the stored answers of repeatable calls once nobody repeats them, what was mailed once no
//! feed that is read again can name it, and what sources named once it is long complete.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_database::{Database, idempotency};
use vorrang_error::Error;

use crate::outbox::EXPIRES;
use crate::store::Store;

/// What is old is kept for days; an hour more or less is no matter.
const EVERY: Duration = Duration::from_secs(3_600);
/// A feed that is read again mails nothing that is older than [`EXPIRES`]; with room for clocks.
const MAILED: TimeDelta = TimeDelta::days(14);
/// A source that names something again, because somebody changed it there, is told that it is a ticket already, for so long.
const NAMED: TimeDelta = TimeDelta::days(400);

/// Goes on until `shutdown`.
pub async fn run(database: Database, store: Store, clock: SharedClock, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = tick(&database, &store, &clock).await {
            tracing::warn!(error = error.chain(), "what is old was not removed");
        }
    }
}

async fn tick(database: &Database, store: &Store, clock: &SharedClock) -> Result<(), Error> {
    let now = clock.now();
    while idempotency::purge(database, now).await? > 0 {}
    store.forget_outgoing(now - MAILED.max(EXPIRES)).await?;
    store.forget_named(now - NAMED).await?;
    Ok(())
}
