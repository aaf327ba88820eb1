//! Makes a customer known.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateCustomerRequest>) -> Result<pb::Customer, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateCustomer",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.customer.is_none() {
        violations.add("customer", "must be given");
    }
    let profile = input::profile("customer", &request.customer.unwrap_or_default(), &mut violations);
    violations.into_result()?;
    app.store.create_customer(&call, profile, convert::customer).await
}
