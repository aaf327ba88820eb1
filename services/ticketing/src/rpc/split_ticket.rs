//! Moves messages of a ticket to a new one.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::custom;
use crate::store::{Splitting, Wanted};
use crate::ticket::split::SPLIT_MAX;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::SplitTicketRequest>) -> Result<pb::SplitTicketResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("SplitTicket", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    if request.messages.is_empty() || request.messages.len() > SPLIT_MAX {
        violations.add("messages", format!("must be 1 to {SPLIT_MAX} messages of the ticket"));
    }
    let messages = request.messages.iter().take(SPLIT_MAX).enumerate();
    let messages = messages
        .map(|(index, name)| input::message_ref(&format!("messages[{index}]"), name, &mut violations))
        .collect();
    let ticket = request.ticket.unwrap_or_default();
    let definitions = app.definitions(&call.tenant, !ticket.custom_fields.is_empty()).await?;
    let fields = input::ticket_fields("ticket", &ticket, &definitions, &mut violations);
    let customer =
        (!ticket.customer.is_empty()).then(|| input::customer_id("ticket.customer", &ticket.customer, &mut violations));
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    let custom_fields = custom::opening(&fields.custom_fields, &definitions)?;
    let splitting = Splitting {
        which,
        messages,
        wanted: Wanted {
            customer,
            subject: fields.subject,
            priority: (ticket.priority != 0).then_some(fields.priority),
            queue: (!ticket.queue.is_empty()).then_some(fields.queue),
            language: fields.language,
            tags: fields.tags,
            intent: fields.intent,
            due_at: fields.due_at,
            followers: fields.followers,
            custom_fields,
        },
        etag: request.etag,
    };
    app.store
        .split_ticket(&call, splitting, |ticket, new| pb::SplitTicketResponse {
            ticket: Some(convert::ticket_in_brief(ticket)),
            new_ticket: Some(convert::ticket(new)),
        })
        .await
}
