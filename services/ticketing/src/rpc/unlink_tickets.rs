//! Removes a link between two tickets.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UnlinkTicketsRequest>) -> Result<pb::UnlinkTicketsResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "UnlinkTickets",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let from = input::ticket_ref("name", &request.name, &mut violations);
    let kind = input::link_kind("type", request.r#type, &mut violations);
    let to = input::ticket_ref("ticket", &request.ticket, &mut violations);
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    app.store
        .unlink_tickets(&call, from, to, kind, |ticket, other| pb::UnlinkTicketsResponse {
            ticket: Some(convert::ticket(ticket)),
            other: Some(convert::ticket_in_brief(other)),
        })
        .await
}
