//! Records that a customer is not there any more.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::ticket::{Change, Leaving};
use crate::words::{Actor, ActorKind};

/// See the contract. Decided under the ticket's lock, as an acceptance is: whoever comes first has made it true.
pub async fn handle(app: &App, request: Request<pb::LeaveQueueRequest>) -> Result<pb::LeaveQueueResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("LeaveQueue", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let at = input::time("left_at", request.left_at.as_ref(), &mut violations);
    violations.into_result()?;
    let customer = app.store.ticket(&call.tenant, which).await?.customer;
    call.actor = Actor {
        kind: ActorKind::Customer,
        id: names::customer(customer),
    };
    let leaving = Leaving {
        at,
        close: request.close,
    };
    app.store
        .change(
            &call,
            which,
            |ticket, _, now| Ok(ticket.leave_queue(leaving, now)),
            |ticket, changes| pb::LeaveQueueResponse {
                ticket: Some(convert::ticket(ticket)),
                left: changes.iter().any(|change| matches!(change, Change::QueueLeft(_))),
            },
        )
        .await
}
