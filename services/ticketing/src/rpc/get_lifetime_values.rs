//! What a customer's orders are worth, per currency.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::GetLifetimeValuesRequest>,
) -> Result<pb::GetLifetimeValuesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::customer_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let values = app.store.lifetime_values(&tenant, id).await?;
    Ok(pb::GetLifetimeValuesResponse {
        lifetime_values: values.iter().map(convert::lifetime_value).collect(),
    })
}
