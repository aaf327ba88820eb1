//! Adds an endpoint.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::rpc::webhook_parts::{check_filter, check_url, with_secret};

/// See the contract. The stored answer is without the secret: a repeat reads it again.
pub async fn handle(app: &App, request: Request<pb::CreateWebhookRequest>) -> Result<pb::Webhook, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateWebhook",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.webhook.is_none() {
        violations.add("webhook", "must be given");
    }
    let settings = convert::webhook_settings("webhook", &request.webhook.unwrap_or_default(), &mut violations);
    check_url(app, "webhook.url", &settings.url, &mut violations);
    check_filter(app, "webhook.filter", &settings.filter, &mut violations);
    violations.into_result()?;
    let made = app.store.create_webhook(&call, settings, convert::webhook).await?;
    with_secret(app, &call.tenant, made).await
}
