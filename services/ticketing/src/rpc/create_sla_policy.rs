//! Makes an SLA policy.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateSlaPolicyRequest>) -> Result<pb::SlaPolicy, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateSlaPolicy",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.sla_policy.is_none() {
        violations.add("sla_policy", "must be given");
    }
    let policy = request.sla_policy.unwrap_or_default();
    let draft = input::policy_draft("sla_policy", &policy, None, &mut violations);
    violations.into_result()?;
    app.store.create_sla_policy(&call, draft, convert::sla_policy).await
}
