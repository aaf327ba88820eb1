//! Removes an SLA policy.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::input;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::DeleteSlaPolicyRequest>) -> Result<(), Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "DeleteSlaPolicy",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::sla_policy_id("name", &request.name, &mut violations);
    violations.into_result()?;
    app.store.delete_sla_policy(&call, id, &request.etag).await
}
