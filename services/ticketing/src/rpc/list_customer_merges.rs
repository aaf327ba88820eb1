//! Lists merges of customers, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use uuid::Uuid;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListCustomerMergesRequest>,
) -> Result<pb::ListCustomerMergesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let arguments = ["customer_merges", &request.customer];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let customer =
        (!request.customer.is_empty()).then(|| input::customer_id("customer", &request.customer, &mut violations));
    violations.into_result()?;
    let found = app
        .store
        .customer_merges(&tenant, customer, page.after, page.limit())
        .await?;
    let mut customer_merges: Vec<pb::CustomerMerge> = found.iter().map(convert::customer_merge).collect();
    page.size = page.size.min(fitting(&customer_merges));
    let last = usize::try_from(page.size).unwrap_or(usize::MAX).saturating_sub(1);
    let position = found.get(last).map(|one| one.id).unwrap_or_default();
    let next_page_token = page.cut(&mut customer_merges, |_| position);
    Ok(pb::ListCustomerMergesResponse {
        customer_merges,
        next_page_token,
    })
}
