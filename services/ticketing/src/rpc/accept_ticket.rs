//! Gives a waiting ticket to the agent who accepted routing's offer.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract. The one conditional write that decides who gets a ticket.
pub async fn handle(app: &App, request: Request<pb::AcceptTicketRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("AcceptTicket", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let agent = input::agent("agent", &request.agent, &mut violations);
    if agent.is_none() {
        violations.add("agent", "must be given");
    }
    if request.generation < 1 {
        violations.add("generation", "must be the generation that was offered");
    }
    let accepted_at = input::time("accepted_at", request.accepted_at.as_ref(), &mut violations);
    if request.accepted_at.is_none() {
        violations.add("accepted_at", "must be given");
    }
    violations.into_result()?;
    let agent = agent.unwrap_or_default();
    call.actor = app::agent(agent.clone());
    app.store
        .change(
            &call,
            which,
            |ticket, _, now| ticket.accept(&agent, request.generation, accepted_at.unwrap_or(now), now),
            |ticket, _| convert::ticket(ticket),
        )
        .await
}
