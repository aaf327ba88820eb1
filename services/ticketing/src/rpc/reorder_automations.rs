//! Puts all automations in a new order.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::automation::AUTOMATIONS_MAX;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ReorderAutomationsRequest>,
) -> Result<pb::ReorderAutomationsResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "ReorderAutomations",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if !(1..=AUTOMATIONS_MAX).contains(&request.names.len()) {
        violations.add("names", format!("must be 1 to {AUTOMATIONS_MAX} automations"));
    }
    let mut ids: Vec<Uuid> = Vec::new();
    for (index, name) in request.names.iter().take(AUTOMATIONS_MAX).enumerate() {
        let field = format!("names[{index}]");
        let id = input::automation_id(&field, name, &mut violations);
        if ids.contains(&id) {
            violations.add(field, "must not be named twice");
        }
        ids.push(id);
    }
    violations.into_result()?;
    app.store
        .reorder_automations(&call, &ids, |all| pb::ReorderAutomationsResponse {
            automations: all.iter().map(convert::automation).collect(),
        })
        .await
}
