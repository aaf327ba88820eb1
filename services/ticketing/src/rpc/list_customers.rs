//! Lists customers, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use uuid::Uuid;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListCustomersRequest>) -> Result<pb::ListCustomersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &["customers"], &mut violations);
    violations.into_result()?;
    let customers = app.store.customers(&tenant, page.after, page.limit()).await?;
    let now = app.store.now();
    let mut customers: Vec<pb::Customer> = customers
        .iter()
        .map(|customer| convert::customer(customer, now))
        .collect();
    page.size = page.size.min(fitting(&customers));
    let next_page_token = page.cut(&mut customers, |customer| {
        names::parse_customer(&customer.name).unwrap_or_default()
    });
    Ok(pb::ListCustomersResponse {
        customers,
        next_page_token,
    })
}
