//! Assigns a ticket by hand, or gives it back to its queue.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract. Needs no generation: it beats every claim that is under way by raising it.
pub async fn handle(app: &App, request: Request<pb::AssignTicketRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = app::call("AssignTicket", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let agent = input::agent("agent", &request.agent, &mut violations);
    let queue = input::queue("queue", &request.queue, &mut violations);
    violations.into_result()?;
    app.store
        .change(
            &call,
            which,
            |ticket, _, now| {
                ticket.check_etag(&request.etag)?;
                ticket.assign(agent.as_deref(), queue.as_deref(), now)
            },
            |ticket, _| convert::ticket(ticket),
        )
        .await
}
