//! Lists orders of a customer, the latest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::RecordPosition;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListOrdersRequest>) -> Result<pb::ListOrdersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let customer = input::customer_id("parent", &request.parent, &mut violations);
    let arguments = ["orders", &request.parent];
    let mut page = Page::<RecordPosition>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let found = app.store.orders(&tenant, customer, page.after, page.limit()).await?;
    let mut orders: Vec<pb::Order> = found.iter().map(|(_, one)| convert::order(one)).collect();
    page.size = page.size.min(fitting(&orders));
    let last = usize::try_from(page.size).unwrap_or(usize::MAX).saturating_sub(1);
    let position = found
        .get(last)
        .map_or(RecordPosition::default(), |(position, _)| *position);
    let next_page_token = page.cut(&mut orders, |_| position);
    Ok(pb::ListOrdersResponse {
        orders,
        next_page_token,
    })
}
