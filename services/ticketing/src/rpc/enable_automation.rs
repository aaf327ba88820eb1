//! Lets an automation work.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::EnableAutomationRequest>) -> Result<pb::Automation, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "EnableAutomation",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::automation_id("name", &request.name, &mut violations);
    violations.into_result()?;
    app.store
        .change_automation(
            &call,
            (id, &request.etag),
            |one, now| one.enable(true, now),
            convert::automation,
        )
        .await
}
