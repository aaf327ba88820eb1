//! Defines a field that the tenant adds to its tickets.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateTicketFieldRequest>) -> Result<pb::TicketField, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateTicketField",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    violations.take("ticket_field_id", names::check_field_id(&request.ticket_field_id));
    let given = request.ticket_field.unwrap_or_default();
    let field_type = input::custom::ticket_field_type(given.r#type, &mut violations);
    let profile = input::custom::ticket_field(&given, &mut violations);
    violations.into_result()?;
    app.store
        .create_ticket_field(
            &call,
            &request.ticket_field_id,
            (field_type, profile),
            convert::ticket_field,
        )
        .await
}
