//! Makes a new secret.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::rpc::webhook_parts::with_secret;

/// See the contract. The stored answer is without the secret: a repeat reads it again.
pub async fn handle(app: &App, request: Request<pb::RotateWebhookSecretRequest>) -> Result<pb::Webhook, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "RotateWebhookSecret",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = convert::webhook_id("name", &request.name, &mut violations);
    let grace = convert::grace(request.grace.as_ref(), &mut violations);
    violations.into_result()?;
    let rotated = app
        .store
        .rotate_webhook_secret(&call, id, grace, convert::webhook)
        .await?;
    with_secret(app, &call.tenant, rotated).await
}
