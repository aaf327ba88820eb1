//! Changes one of the tenant's own fields.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateTicketFieldRequest>) -> Result<pb::TicketField, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateTicketField",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let mut given = request.ticket_field.unwrap_or_default();
    let id = violations
        .take("ticket_field.name", names::parse_ticket_field(&given.name))
        .map(str::to_owned)
        .unwrap_or_default();
    let mask = input::custom::ticket_field_mask(request.update_mask.as_ref(), &mut violations);
    if !mask.contains(&crate::custom::Field::DisplayName) {
        // Only what the mask names has to be right: the rest may be missing.
        given.display_name = "-".to_owned();
    }
    let profile = input::custom::ticket_field(&given, &mut violations);
    violations.into_result()?;
    app.store
        .update_ticket_field(&call, (&id, &given.etag), (&profile, &mask), convert::ticket_field)
        .await
}
