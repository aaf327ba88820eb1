//! Makes an automation.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateAutomationRequest>) -> Result<pb::Automation, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateAutomation",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.automation.is_none() {
        violations.add("automation", "must be given");
    }
    let given = request.automation.unwrap_or_default();
    let (definitions, sub_states) = app.nameable(&call.tenant).await?;
    let known = input::Known {
        definitions: &definitions,
        sub_states: &sub_states,
    };
    let profile = input::automation_profile("automation", &given, None, &known, &mut violations);
    app.check_named(&call.tenant, "automation.actions", &profile.actions, &mut violations)
        .await?;
    violations.into_result()?;
    app.store.create_automation(&call, profile, convert::automation).await
}
