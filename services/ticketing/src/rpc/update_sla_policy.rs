//! Changes fields of an SLA policy.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateSlaPolicyRequest>) -> Result<pb::SlaPolicy, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateSlaPolicy",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let policy = request.sla_policy.unwrap_or_default();
    let id = input::sla_policy_id("sla_policy.name", &policy.name, &mut violations);
    let mask = input::sla_policy_mask(request.update_mask.as_ref(), &mut violations);
    let draft = input::policy_draft("sla_policy", &policy, Some(&mask), &mut violations);
    violations.into_result()?;
    app.store
        .update_sla_policy(&call, (id, &policy.etag), draft, &mask, convert::sla_policy)
        .await
}
