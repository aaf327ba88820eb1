//! Records that a customer is not there any more.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names::{self, TicketRef};
use crate::ticket::{Change, Leaving};
use crate::words::{Actor, ActorKind};

/// Merges that are followed.
const MERGES_MAX: usize = 20;

/// See the contract. Decided under the ticket's lock, as an acceptance is: whoever comes first has made it true.
pub async fn handle(app: &App, request: Request<pb::LeaveQueueRequest>) -> Result<pb::LeaveQueueResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("LeaveQueue", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let at = input::time("left_at", request.left_at.as_ref(), &mut violations);
    violations.into_result()?;
    let named = app.store.ticket(&call.tenant, which).await?;
    let customer = named.customer;
    // A conversation that was merged goes on elsewhere, and is left there, if that is the customer's own matter.
    let mut end = named;
    for _ in 0..MERGES_MAX {
        let Some(next) = end.merged_into else { break };
        end = app.store.ticket(&call.tenant, TicketRef::Id(next)).await?;
    }
    let which = match end.customer == customer {
        true => TicketRef::Id(end.id),
        false => which,
    };
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
