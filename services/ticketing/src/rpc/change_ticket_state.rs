//! Changes the state of a ticket.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::state::State;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ChangeTicketStateRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "ChangeTicketState",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let state = input::state("state", request.state, &mut violations);
    if request.state == 0 || state == Some(State::New) {
        violations.add("state", "must be OPEN, PENDING, ON_HOLD, SOLVED or CLOSED");
    }
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    let wanted = input::wanted(state, &request.sub_state, &mut violations);
    violations.into_result()?;
    let (state, sub_state) = wanted.unwrap_or((State::Open, None));
    let wanted = app.wanted(&call.tenant, state, sub_state).await?;
    app.store
        .change(
            &call,
            which,
            |ticket, _, now| {
                ticket.check_etag(&request.etag)?;
                ticket.change_state(wanted, now)
            },
            |ticket, _| convert::ticket(ticket),
        )
        .await
}
