//! Records that a customer is not there any more.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names::{self, TicketRef};
use crate::store::Call;
use crate::ticket::{Change, Leaving, Ticket};
use crate::words::{Actor, ActorKind};

/// Bytes of the key of a conversation.
const CONVERSATION_BYTES: usize = 1_000;
/// Merges that are followed.
const MERGES_MAX: usize = 20;

/// See the contract. Decided under the ticket's lock, as an acceptance is: whoever comes first has made it true.
pub async fn handle(app: &App, request: Request<pb::LeaveQueueRequest>) -> Result<pb::LeaveQueueResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("LeaveQueue", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let by_name = request.conversation.is_empty();
    if by_name == request.name.is_empty() {
        violations.add("name", "exactly one of name and conversation must be given");
    }
    if request.conversation.len() > CONVERSATION_BYTES {
        violations.add("conversation", format!("at most {CONVERSATION_BYTES} bytes"));
    }
    let mut which = TicketRef::Id(Uuid::nil());
    if by_name {
        which = input::ticket_ref("name", &request.name, &mut violations);
    }
    let at = input::time("left_at", request.left_at.as_ref(), &mut violations);
    violations.into_result()?;
    if !by_name {
        let key = input::thread_key(&request.conversation);
        which = TicketRef::Id(app.store.ticket_of(&call.tenant, &key).await?);
    }
    let leaving = Leaving {
        at,
        close: request.close,
    };
    let named = app.store.ticket(&call.tenant, which).await?;
    let customer = named.customer;
    call.actor = Actor {
        kind: ActorKind::Customer,
        id: names::customer(customer),
    };
    if named.merged_into.is_some() {
        leave_part(app, &call, named.id, leaving).await?;
    }
    // A conversation that was merged goes on elsewhere, and is left there, if that is the customer's own matter.
    let mut end = named;
    for _ in 0..MERGES_MAX {
        let Some(next) = end.merged_into else { break };
        end = app.store.ticket(&call.tenant, TicketRef::Id(next)).await?;
    }
    if end.customer == customer {
        which = TicketRef::Id(end.id);
    }
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

/// Nobody is on the line of a ticket that is part of another one. What is there decides: repeating it changes nothing, and needs no id.
async fn leave_part(app: &App, call: &Call, part: Uuid, leaving: Leaving) -> Result<(), Error> {
    let call = Call {
        request_id: String::new(),
        ..call.clone()
    };
    app.store
        .change(
            &call,
            TicketRef::Id(part),
            |ticket: &mut Ticket, _, now| Ok(ticket.leave_as_part(leaving, now)),
            |_, _| pb::LeaveQueueResponse::default(),
        )
        .await
        .map(drop)
}
