//! Makes a macro.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateMacroRequest>) -> Result<pb::Macro, Error> {
    let mut violations = Violations::new();
    let call = app::call("CreateMacro", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    if request.r#macro.is_none() {
        violations.add("macro", "must be given");
    }
    let given = request.r#macro.unwrap_or_default();
    let (definitions, sub_states) = app.nameable(&call.tenant).await?;
    let known = input::Known {
        definitions: &definitions,
        sub_states: &sub_states,
    };
    let profile = input::macro_profile(&given, None, &known, &mut violations);
    violations.into_result()?;
    app.store.create_macro(&call, profile, convert::macro_resource).await
}
