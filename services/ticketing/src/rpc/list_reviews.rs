//! Lists reviews, newest first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::ReviewFilter;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListReviewsRequest>) -> Result<pb::ListReviewsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let arguments = ["reviews", &request.ticket, &request.agent, &request.reviewer];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let filter = ReviewFilter {
        ticket: (!request.ticket.is_empty()).then(|| input::ticket_ref("ticket", &request.ticket, &mut violations)),
        agent: input::agent("agent", &request.agent, &mut violations),
        reviewer: input::agent("reviewer", &request.reviewer, &mut violations),
    };
    violations.into_result()?;
    let mut rows = app.store.reviews(&tenant, &filter, page.after, page.limit()).await?;
    let reviews: Vec<pb::Review> = rows.iter().map(convert::review).collect();
    page.size = page.size.min(fitting(&reviews));
    let next_page_token = page.cut(&mut rows, |review| review.id);
    Ok(pb::ListReviewsResponse {
        reviews: reviews.into_iter().take(rows.len()).collect(),
        next_page_token,
    })
}
