//! Finds the customer an identity belongs to.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::LookupCustomerRequest>) -> Result<pb::Customer, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let given = request.into_inner().identity.unwrap_or_default();
    let identity = input::identity("identity", &given, &mut violations);
    violations.into_result()?;
    let identity = identity.ok_or_else(|| Error::invalid_field("identity", "must be given"))?;
    let customer = app.store.lookup_customer(&tenant, identity.key()).await?;
    Ok(convert::customer(&customer, app.store.now()))
}
