//! Changes what is kept for how long.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::privacy;
use crate::names::RETENTION_POLICY;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::UpdateRetentionPolicyRequest>,
) -> Result<pb::RetentionPolicy, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateRetentionPolicy",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    // Nobody's policy becomes empty by a request that forgot it.
    if request.retention_policy.is_none() {
        violations.add("retention_policy", "must be given");
    }
    let policy = request.retention_policy.unwrap_or_default();
    if !policy.name.is_empty() && policy.name != RETENTION_POLICY {
        violations.add("retention_policy.name", format!("must be {RETENTION_POLICY}"));
    }
    let rules = privacy::read_rules("retention_policy.rules", &policy.rules, &mut violations);
    violations.into_result()?;
    app.store.set_policy(&call, &policy.etag, rules, privacy::policy).await
}
