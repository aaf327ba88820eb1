//! Reads one customer.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetCustomerRequest>) -> Result<pb::Customer, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::customer_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let customer = app.store.customer(&tenant, id).await?;
    Ok(convert::customer(&customer, app.store.now()))
}
