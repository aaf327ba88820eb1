//! Tells ticketing that customers have left: those who said so, and those whose line was cut and who did not come back. What ticketing does not
//! know yet is noted in the database, so it is told after an outage and after a crash, once or several times with one effect.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1::live_service_client::LiveServiceClient;
use vorrang_api::ticketing::v1::{LeaveQueueRequest, LeaveQueueResponse};
use vorrang_api::timestamp;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::app::part_delivery_id;
use crate::store::{Departure, Store};

/// How long a customer who waits may be away before they have left.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(3);

/// How often it is looked who has left.
const EVERY: Duration = Duration::from_secs(5);
/// Those that are told in one look.
const AT_ONCE: u64 = 200;
/// A call that takes longer is tried again.
const CALL_MAX: Duration = Duration::from_secs(5);

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

/// Tells ticketing, and forgets it then. None: there is no such ticket.
///
/// # Errors
/// As ticketing says; then it stays noted.
pub async fn tell(store: &Store, peers: &Peers, departure: &Departure) -> Result<Option<LeaveQueueResponse>, Error> {
    let Departure {
        ticket, left_at, close, ..
    } = departure;
    let id = part_delivery_id(Uuid::nil(), usize::from(*close));
    let mut request = Request::new(LeaveQueueRequest {
        request_id: format!("{id}/{ticket}/{}", left_at.timestamp_micros()),
        name: ticket.clone(),
        left_at: Some(timestamp(*left_at)),
        close: *close,
    });
    request.set_timeout(CALL_MAX);
    let mut client = LiveServiceClient::new(peers.ticketing(Some(&departure.tenant)));
    let told = match client.leave_queue(request).await {
        Ok(response) => Some(response.into_inner()),
        Err(status) => match peer_error("ticketing", status) {
            // Erased meanwhile, or never there: nobody waits.
            error if matches!(error.kind(), Kind::NotFound | Kind::Invalid | Kind::Precondition) => None,
            error => return Err(error),
        },
    };
    store.departed(departure).await?;
    Ok(told)
}
