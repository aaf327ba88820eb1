//! Changes fields of an automation.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateAutomationRequest>) -> Result<pb::Automation, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateAutomation",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let given = request.automation.unwrap_or_default();
    let id = input::automation_id("automation.name", &given.name, &mut violations);
    let mask = input::automation_mask(request.update_mask.as_ref(), &mut violations);
    let (definitions, sub_states) = app.nameable(&call.tenant).await?;
    let known = input::Known {
        definitions: &definitions,
        sub_states: &sub_states,
    };
    let profile = input::automation_profile("automation", &given, Some(&mask), &known, &mut violations);
    app.check_named(&call.tenant, "automation.actions", &profile.actions, &mut violations)
        .await?;
    violations.into_result()?;
    app.store
        .update_automation(&call, (id, &given.etag), (profile, &mask), convert::automation)
        .await
}
