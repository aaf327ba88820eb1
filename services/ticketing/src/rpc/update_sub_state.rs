//! Changes a sub-state.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateSubStateRequest>) -> Result<pb::SubState, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateSubState",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let mut given = request.sub_state.unwrap_or_default();
    let id = violations
        .take("sub_state.name", names::parse_sub_state(&given.name))
        .map(str::to_owned)
        .unwrap_or_default();
    let mask = input::custom::sub_state_mask(request.update_mask.as_ref(), &mut violations);
    if !mask.contains(&crate::sub_state::Field::DisplayName) {
        // Only what the mask names has to be right: the rest may be missing.
        given.display_name = "-".to_owned();
    }
    let profile = input::custom::sub_state(&given, &mut violations);
    violations.into_result()?;
    app.store
        .update_sub_state(&call, (&id, &given.etag), (&profile, &mask), convert::sub_state)
        .await
}
