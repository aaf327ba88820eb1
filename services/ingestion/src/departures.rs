//! Tells ticketing that customers have left: those who said so, and those whose line was cut and who did not come back. What ticketing does not
//! know yet is noted in the database, so it is told after an outage and after a crash, once or several times with one effect.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_service::Peers;

use crate::rpc::leave_queue;
use crate::store::{Departure, Store};

/// How long a customer who waits may be away before they have left.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(3);

/// How often it is looked who has left.
const EVERY: Duration = Duration::from_secs(5);
/// Those that are told in one look.
const AT_ONCE: u64 = 200;

/// Goes on until `shutdown`.
pub async fn run(store: Store, peers: Peers, clock: SharedClock, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = tick(&store, &peers, &clock).await {
            tracing::debug!(error = error.chain(), "who has left is not told now; trying again");
        }
    }
}

/// Tells of everybody who has left by now. Gives how many there were.
pub async fn tick(store: &Store, peers: &Peers, clock: &SharedClock) -> Result<usize, Error> {
    let due = store.due_departures(clock.now(), AT_ONCE).await?;
    for departure in &due {
        tell(store, peers, departure).await?;
    }
    Ok(due.len())
}

/// Tells ticketing, and forgets it then. Whether the ticket is closed; none: there is no such ticket.
///
/// # Errors
/// As ticketing says; then it stays noted.
pub async fn tell(store: &Store, peers: &Peers, departure: &Departure) -> Result<Option<bool>, Error> {
    let told = leave_queue::tell(peers, departure).await?;
    store.departed(departure).await?;
    Ok(told)
}
