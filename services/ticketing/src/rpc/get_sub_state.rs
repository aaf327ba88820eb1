//! Reads one sub-state.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetSubStateRequest>) -> Result<pb::SubState, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let name = &request.get_ref().name;
    let id = violations
        .take("name", names::parse_sub_state(name))
        .unwrap_or_default();
    violations.into_result()?;
    app.store
        .sub_state(&tenant, id)
        .await
        .map(|one| convert::sub_state(&one))
}
