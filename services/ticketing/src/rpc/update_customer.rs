//! Changes fields of a customer.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateCustomerRequest>) -> Result<pb::Customer, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateCustomer",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let customer = request.customer.unwrap_or_default();
    let id = input::customer_id("customer.name", &customer.name, &mut violations);
    let mask = input::customer_mask(request.update_mask.as_ref(), &mut violations);
    let profile = input::profile("customer", &customer, &mut violations);
    violations.into_result()?;
    app.store
        .update_customer(&call, id, &customer.etag, (profile, &mask), convert::customer)
        .await
}
