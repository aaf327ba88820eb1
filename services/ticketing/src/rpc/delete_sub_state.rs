//! Deletes a sub-state that no ticket has.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::DeleteSubStateRequest>) -> Result<(), Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "DeleteSubState",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = violations
        .take("name", names::parse_sub_state(&request.name))
        .unwrap_or_default();
    violations.into_result()?;
    app.store.delete_sub_state(&call, id, &request.etag).await
}
