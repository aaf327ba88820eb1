//! Our call to ticketing that says who has left.

use std::time::Duration;

use tonic::Request;
use vorrang_api::ticketing::v1::LeaveQueueRequest;
use vorrang_api::ticketing::v1::live_service_client::LiveServiceClient;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_api::timestamp;
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::app::departure_id;
use crate::store::Departure;

/// A call that takes longer is tried again.
const CALL_MAX: Duration = Duration::from_secs(5);

/// What ticketing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whether the ticket is closed.
    pub closed: bool,
    /// Whether it was left while it waited.
    pub left: bool,
}

/// Tells of a departure; repeating it changes nothing. None: there is no such ticket, so nobody waits.
///
/// # Errors
/// As ticketing says.
pub async fn tell(peers: &Peers, departure: &Departure) -> Result<Option<Answer>, Error> {
    let Departure {
        conversation,
        left_at,
        close,
        ..
    } = departure;
    let (name, conversation) = match conversation.starts_with("tickets/") {
        true => (conversation.clone(), String::new()),
        false => (String::new(), conversation.clone()),
    };
    let mut request = Request::new(LeaveQueueRequest {
        request_id: departure_id(&departure.conversation, *left_at, *close),
        name,
        left_at: Some(timestamp(*left_at)),
        close: *close,
        conversation,
    });
    request.set_timeout(CALL_MAX);
    let mut client = LiveServiceClient::new(peers.ticketing(Some(&departure.tenant)));
    match client.leave_queue(request).await {
        Ok(response) => {
            let response = response.into_inner();
            Ok(Some(Answer {
                closed: response.ticket.is_some_and(|ticket| ticket.state() == State::Closed),
                left: response.left,
            }))
        }
        Err(status) => match peer_error("ticketing", status) {
            // Erased meanwhile, or never there.
            error if matches!(error.kind(), Kind::NotFound | Kind::Invalid | Kind::Precondition) => Ok(None),
            error => Err(error),
        },
    }
}
