//! Changes fields of a macro.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateMacroRequest>) -> Result<pb::Macro, Error> {
    let mut violations = Violations::new();
    let call = app::call("UpdateMacro", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let given = request.r#macro.unwrap_or_default();
    let id = input::macro_id("macro.name", &given.name, &mut violations);
    let mask = input::macro_mask(request.update_mask.as_ref(), &mut violations);
    let (definitions, sub_states) = app.nameable(&call.tenant).await?;
    let known = input::Known {
        definitions: &definitions,
        sub_states: &sub_states,
    };
    let profile = input::macro_profile(&given, Some(&mask), &known, &mut violations);
    violations.into_result()?;
    app.store
        .update_macro(&call, (id, &given.etag), (profile, &mask), convert::macro_resource)
        .await
}
