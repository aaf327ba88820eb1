//! Changes fields of a ticket.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateTicketRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = app::call("UpdateTicket", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let ticket = request.ticket.unwrap_or_default();
    let which = input::ticket_ref("ticket.name", &ticket.name, &mut violations);
    let own = own_fields(request.update_mask.as_ref());
    let definitions = app
        .definitions(&call.tenant, own || !ticket.custom_fields.is_empty())
        .await?;
    let mask = input::ticket_mask(request.update_mask.as_ref(), &definitions, &mut violations);
    let fields = input::ticket_fields("ticket", &ticket, &definitions, &mut violations);
    violations.into_result()?;
    app.store
        .change(
            &call,
            which,
            |stored, _, now| {
                stored.check_etag(&ticket.etag)?;
                stored.update(&fields, &mask, &definitions, now)
            },
            |stored, _| convert::ticket(stored),
        )
        .await
}

/// Whether a mask names any of the tenant's own fields.
fn own_fields(mask: Option<&prost_types::FieldMask>) -> bool {
    mask.is_some_and(|mask| mask.paths.iter().any(|path| path.starts_with("custom_fields")))
}
