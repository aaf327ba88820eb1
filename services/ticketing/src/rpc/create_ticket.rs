//! Opens a ticket for a known customer.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::custom;
use crate::store::NewTicket;
use crate::words::{ActorKind, Channel};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateTicketRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = app::call("CreateTicket", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    // Without a ticket every field of it is missing; `ticket.customer` says so.
    let ticket = request.ticket.unwrap_or_default();
    let customer = input::customer_id("ticket.customer", &ticket.customer, &mut violations);
    let channel = input::channel("ticket.channel", ticket.channel, &mut violations).unwrap_or(Channel::Api);
    let definitions = app.definitions(&call.tenant, !ticket.custom_fields.is_empty()).await?;
    let mut fields = input::ticket_fields("ticket", &ticket, &definitions, &mut violations);
    let mut message = request
        .message
        .map(|message| input::message("message", &message, true, &call.actor.id, &mut violations));
    if let Some(message) = &message
        && message.actor.kind == ActorKind::Customer
        && !message.actor.id.is_empty()
        && message.actor.id != ticket.customer
    {
        violations.add("message.actor.id", "must be the ticket's customer, or empty");
    }
    violations.into_result()?;
    fields.custom_fields = custom::opening(&fields.custom_fields, &definitions)?;
    if let Some(message) = &mut message {
        app.store.complete_files(&call.tenant, message).await?;
    }
    let new = NewTicket {
        customer,
        channel,
        fields,
        message,
    };
    app.store.create_ticket(&call, new, convert::ticket).await
}
