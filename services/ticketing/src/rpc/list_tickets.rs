//! Lists tickets by a filter, in an order.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_filter::{Expr, Filter, FilterError};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::custom::Definitions;
use crate::order::{Order, Position};
use crate::state::State;
use crate::store::Search;
use crate::words::Disposition;
use crate::{filter, names};

/// See the contract. A page goes on after the position of the last ticket that was looked at, so new ones never shift it.
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
        &request.filter,
        &request.order_by,
    ];
    let mut page = Page::<Position>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let order = violations.take("order_by", Order::parse(&request.order_by));
    if let (Some(position), Some(order)) = (&page.after, &order)
        && !order.has(position)
    {
        violations.add("page_token", "is not a page token of this method");
    }
    let definitions = app.definitions(&tenant, request.filter.contains(filter::OWN)).await?;
    let asked = violations.take("filter", Filter::parse(&request.filter, &filter::schema(&definitions)));
    let fields = fields(&request, &states, &mut violations);
    let merged_into = (!request.merged_into.is_empty())
        .then(|| input::ticket_ref("merged_into", &request.merged_into, &mut violations));
    violations.into_result()?;
    let show_merged = request.show_merged || merged_into.is_some();
    let filter = whole(asked.unwrap_or_default(), &fields, show_merged)
        .map_err(|error| Error::internal(format!("our own filter is refused: {error}")))?;
    let order = order.unwrap_or_else(|| Order::parse("").expect("nothing is an order"));
    let found = app
        .store
        .find_tickets(
            &tenant,
            Search {
                filter: &filter,
                merged_into,
                order: &order,
                after: page.after.as_ref(),
                limit: page.limit(),
            },
        )
        .await?;
    let rows: Vec<pb::Ticket> = found.tickets.iter().map(convert::ticket).collect();
    page.size = page.size.min(fitting(&rows));
    let mut rows: Vec<_> = found.tickets.iter().zip(rows).collect();
    let mut next_page_token = page.cut(&mut rows, |(ticket, _)| order.position(ticket));
    if let (true, Some(position)) = (next_page_token.is_empty(), &found.next) {
        next_page_token = page.token(position);
    }
    Ok(pb::ListTicketsResponse {
        tickets: rows.into_iter().map(|(_, ticket)| ticket).collect(),
        next_page_token,
    })
}

/// The fields of the request that were there before the filter, in its words.
fn fields(request: &pb::ListTicketsRequest, states: &[State], violations: &mut Violations) -> Vec<String> {
    let mut fields = Vec::new();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        fields.push(format!("state = ({})", words.join(" OR ")));
    }
    if !request.customer.is_empty() {
        let id = input::customer_id("customer", &request.customer, violations);
        fields.push(format!("customer = {}", names::customer(id)));
    }
    if let Some(agent) = input::agent("assignee", &request.assignee, violations) {
        fields.push(format!("assignee = {agent}"));
    }
    if let Some(queue) = input::queue("queue", &request.queue, violations) {
        fields.push(format!("queue = \"{queue}\""));
    }
    fields
}

/// Everything that is asked for, and what nobody asked for left out: spam, what is deleted, what is part of another ticket.
fn whole(asked: Filter, fields: &[String], show_merged: bool) -> Result<Filter, FilterError> {
    let names = asked.fields();
    let mut words = Vec::new();
    if !names.contains(&"disposition") {
        words.push(format!("disposition = {}", Disposition::Normal.as_str()));
    }
    if !show_merged && !names.contains(&"merged_into") {
        words.push("NOT merged_into:*".to_owned());
    }
    let ours = filter::schema(&Definitions::default());
    let mut parts = Vec::new();
    for words in words.iter().chain(fields) {
        parts.extend(Filter::parse(words, &ours)?.expr().cloned());
    }
    parts.extend(asked.expr().cloned());
    Ok(if parts.is_empty() {
        asked
    } else {
        Filter::from(Expr::and(parts))
    })
}
