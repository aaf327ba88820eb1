//! Reads one of the tenant's own fields.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetTicketFieldRequest>) -> Result<pb::TicketField, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let name = &request.get_ref().name;
    let id = violations
        .take("name", names::parse_ticket_field(name))
        .unwrap_or_default();
    violations.into_result()?;
    let field = app.store.ticket_field(&tenant, id).await?;
    Ok(convert::ticket_field(&field))
}
