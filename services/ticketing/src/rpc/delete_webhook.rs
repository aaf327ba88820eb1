//! Removes an endpoint.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::DeleteWebhookRequest>) -> Result<(), Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "DeleteWebhook",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = convert::webhook_id("name", &request.name, &mut violations);
    violations.into_result()?;
    app.store.delete_webhook(&call, id, &request.etag, |_| ()).await
}
