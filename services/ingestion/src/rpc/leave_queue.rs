//! Our call to ticketing that says who has left.

use std::time::Duration;

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1::LeaveQueueRequest;
use vorrang_api::ticketing::v1::live_service_client::LiveServiceClient;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_api::timestamp;
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::app::part_delivery_id;
use crate::store::Departure;

/// A call that takes longer is tried again.
const CALL_MAX: Duration = Duration::from_secs(5);

/// Tells of a departure; repeating it changes nothing. Whether the ticket is closed; none: there is no such ticket, so nobody waits.
///
/// # Errors
/// As ticketing says.
pub async fn tell(peers: &Peers, departure: &Departure) -> Result<Option<bool>, Error> {
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
    match client.leave_queue(request).await {
        Ok(response) => {
            let ticket = response.into_inner().ticket;
            Ok(Some(ticket.is_some_and(|ticket| ticket.state() == State::Closed)))
        }
        Err(status) => match peer_error("ticketing", status) {
            // Erased meanwhile, or never there.
            error if matches!(error.kind(), Kind::NotFound | Kind::Invalid | Kind::Precondition) => Ok(None),
            error => Err(error),
        },
    }
}
