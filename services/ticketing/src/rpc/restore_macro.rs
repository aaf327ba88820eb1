//! Takes a macro out of the archive.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::RestoreMacroRequest>) -> Result<pb::Macro, Error> {
    let mut violations = Violations::new();
    let call = app::call("RestoreMacro", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = input::macro_id("name", &request.name, &mut violations);
    violations.into_result()?;
    app.store
        .archive_macro(&call, (id, &request.etag), false, convert::macro_resource)
        .await
}
