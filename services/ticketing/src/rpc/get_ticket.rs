//! Reads one ticket.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetTicketRequest>) -> Result<pb::Ticket, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let which = input::ticket_ref("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let ticket = app.store.ticket(&tenant, which).await?;
    Ok(convert::ticket(&ticket))
}
