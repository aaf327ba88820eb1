//! Lists tickets, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::TicketFilter;

/// See the contract. A page goes on below the number of its last ticket, so new tickets never shift it.
pub async fn handle(app: &App, request: Request<pb::ListTicketsRequest>) -> Result<pb::ListTicketsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut states = input::states("states", &request.states, &mut violations);
    states.sort_unstable_by_key(|state| state.as_str());
    let words = format!("{states:?}");
    let merged = if request.show_merged { "merged" } else { "" };
    let arguments = [
        "tickets",
        &words,
        &request.customer,
        &request.assignee,
        &request.queue,
        &request.merged_into,
        merged,
    ];
    let mut page = Page::<i64>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let filter = TicketFilter {
        states,
        customer: (!request.customer.is_empty())
            .then(|| input::customer_id("customer", &request.customer, &mut violations)),
        assignee: input::agent("assignee", &request.assignee, &mut violations),
        queue: input::queue("queue", &request.queue, &mut violations),
        merged_into: (!request.merged_into.is_empty())
            .then(|| input::ticket_ref("merged_into", &request.merged_into, &mut violations)),
        show_merged: request.show_merged,
    };
    violations.into_result()?;
    let tickets = app.store.tickets(&tenant, &filter, page.after, page.limit()).await?;
    let mut tickets: Vec<pb::Ticket> = tickets.iter().map(convert::ticket).collect();
    page.size = page.size.min(fitting(&tickets));
    let next_page_token = page.cut(&mut tickets, |ticket| ticket.number);
    Ok(pb::ListTicketsResponse {
        tickets,
        next_page_token,
    })
}
