//! Reads one SLA policy.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetSlaPolicyRequest>) -> Result<pb::SlaPolicy, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::sla_policy_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let policy = app.store.sla_policy(&tenant, id).await?;
    Ok(convert::sla_policy(&policy))
}
