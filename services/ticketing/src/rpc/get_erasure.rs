//! Reads the proof of an erasure.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::privacy;
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetErasureRequest>) -> Result<pb::Erasure, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let id = violations
        .take("name", names::parse_erasure(&request.name))
        .unwrap_or_default();
    violations.into_result()?;
    let erasure = app.store.erasure(&tenant, id).await?;
    Ok(privacy::erasure(&erasure))
}
