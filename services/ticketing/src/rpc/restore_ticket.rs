//! Makes a ticket count again that was marked as spam or deleted.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::words::Disposition;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::RestoreTicketRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "RestoreTicket",
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
        .change(
            &call,
            which,
            |ticket, _, now| {
                ticket.check_etag(&request.etag)?;
                ticket.dispose(Disposition::Normal, now)
            },
            |ticket, _| convert::ticket(ticket),
        )
        .await
}
