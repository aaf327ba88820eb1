//! Changes an endpoint, disables it, enables it again.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::rpc::webhook_parts::{check_filter, check_url};
use crate::webhook::Field;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateWebhookRequest>) -> Result<pb::Webhook, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateWebhook",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let webhook = request.webhook.unwrap_or_default();
    let id = convert::webhook_id("webhook.name", &webhook.name, &mut violations);
    let mask = convert::webhook_mask(request.update_mask.as_ref(), &mut violations);
    let settings = convert::webhook_settings("webhook", &webhook, &mut violations);
    if mask.contains(&Field::Url) {
        check_url(app, "webhook.url", &settings.url, &mut violations);
    }
    if mask.contains(&Field::Filter) {
        check_filter(app, "webhook.filter", &settings.filter, &mut violations);
    }
    violations.into_result()?;
    app.store
        .update_webhook(&call, id, &webhook.etag, (&settings, &mask), convert::webhook)
        .await
}
