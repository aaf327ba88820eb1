//! Puts all SLA policies in a new order.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::sla::POLICIES_MAX;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ReorderSlaPoliciesRequest>,
) -> Result<pb::ReorderSlaPoliciesResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "ReorderSlaPolicies",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if !(1..=POLICIES_MAX).contains(&request.names.len()) {
        violations.add("names", format!("must be 1 to {POLICIES_MAX} policies"));
    }
    let mut ids: Vec<Uuid> = Vec::new();
    for (index, name) in request.names.iter().take(POLICIES_MAX).enumerate() {
        let field = format!("names[{index}]");
        let id = input::sla_policy_id(&field, name, &mut violations);
        if ids.contains(&id) {
            violations.add(field, "must not be named twice");
        }
        ids.push(id);
    }
    violations.into_result()?;
    app.store
        .reorder_sla_policies(&call, &ids, |policies| pb::ReorderSlaPoliciesResponse {
            sla_policies: policies.iter().map(convert::sla_policy).collect(),
        })
        .await
}
