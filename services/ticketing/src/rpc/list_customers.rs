//! Lists customers, newest first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_filter::Filter;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert;
use crate::customer::filter::SCHEMA;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListCustomersRequest>) -> Result<pb::ListCustomersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let filter = violations.take("filter", Filter::parse(&request.filter, &SCHEMA));
    let arguments = ["customers", &request.filter];
    let page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let filter = filter.unwrap_or_default();
    let found = app.store.customers(&tenant, &filter, page.after, page.limit()).await?;
    let now = app.store.now();
    let mut customers: Vec<pb::Customer> = found
        .customers
        .iter()
        .map(|customer| convert::customer(customer, now))
        .collect();
    let size = usize::try_from(page.size.min(fitting(&customers))).unwrap_or(usize::MAX);
    // Cut, it goes on below the last one shown; short, below the last one looked at.
    let below = if customers.len() > size {
        customers.truncate(size);
        found.customers.get(size - 1).map(|last| last.id)
    } else {
        found.more_below
    };
    Ok(pb::ListCustomersResponse {
        customers,
        next_page_token: below.map(|id| page.token(&id)).unwrap_or_default(),
    })
}
