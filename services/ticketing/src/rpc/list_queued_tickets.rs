//! Routing's rebuild: all tickets that wait, with the position of the feed at which this was true.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert;
use crate::store::QueuedPosition;

/// Tickets of a page when the caller does not say.
const SIZE_DEFAULT: u64 = 500;
/// Most tickets of a page.
const SIZE_MAX: u64 = 2_000;

/// See the contract. The position travels in the page token, so that it is the same on every page.
pub async fn handle(
    app: &App,
    request: Request<pb::ListQueuedTicketsRequest>,
) -> Result<pb::ListQueuedTicketsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut page = Page::<QueuedPosition>::parse(request.page_size, &request.page_token, &["queued"], &mut violations);
    violations.into_result()?;
    page.size = match u64::try_from(request.page_size) {
        Ok(0) | Err(_) => SIZE_DEFAULT,
        Ok(size) => size.min(SIZE_MAX),
    };
    let queued = app.store.queued(&tenant, page.after, page.limit()).await?;
    let tickets: Vec<pb::Ticket> = queued.tickets.iter().map(convert::ticket).collect();
    page.size = page.size.min(fitting(&tickets));
    let mut rows: Vec<_> = queued.tickets.iter().zip(tickets).collect();
    let next_page_token = page.cut(&mut rows, |(ticket, _)| QueuedPosition::after(ticket, queued.seq));
    Ok(pb::ListQueuedTicketsResponse {
        tickets: rows.into_iter().map(|(_, ticket)| ticket).collect(),
        next_page_token,
        cursor: app.feed.cursor(&tenant, queued.seq).await?,
        seq: queued.seq,
    })
}
