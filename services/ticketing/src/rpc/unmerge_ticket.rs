//! Makes a merged ticket one of its own again.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UnmergeTicketRequest>) -> Result<pb::UnmergeTicketResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "UnmergeTicket",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    app.store
        .unmerge_ticket(&call, which, &request.etag, |ticket, target| {
            pb::UnmergeTicketResponse {
                ticket: Some(convert::ticket(ticket)),
                target: Some(convert::ticket_in_brief(target)),
            }
        })
        .await
}
