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
    let mask = input::ticket_mask(request.update_mask.as_ref(), &mut violations);
    let fields = input::ticket_fields("ticket", &ticket, &mut violations);
    violations.into_result()?;
    app.store
        .change(
            &call,
            which,
            |stored, _, now| {
                stored.check_etag(&ticket.etag)?;
                stored.update(&fields, &mask, now)
            },
            |stored, _| convert::ticket(stored),
        )
        .await
}
