//! Reads one macro.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetMacroRequest>) -> Result<pb::Macro, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let id = input::macro_id("name", &request.name, &mut violations);
    if request.version < 0 {
        violations.add("version", "must not be negative");
    }
    violations.into_result()?;
    let version = (request.version > 0).then_some(request.version);
    let found = app.store.macro_at(&tenant, id, version).await?;
    Ok(convert::macro_resource(&found))
}
