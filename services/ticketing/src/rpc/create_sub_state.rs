//! Defines a sub-state.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateSubStateRequest>) -> Result<pb::SubState, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateSubState",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    violations.take("sub_state_id", names::check_queue(&request.sub_state_id));
    let given = request.sub_state.unwrap_or_default();
    let state = input::custom::sub_state_of(given.state, &mut violations);
    let profile = input::custom::sub_state(&given, &mut violations);
    violations.into_result()?;
    app.store
        .create_sub_state(&call, &request.sub_state_id, (state, profile), convert::sub_state)
        .await
}
