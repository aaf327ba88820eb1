//! Reads an endpoint.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetWebhookRequest>) -> Result<pb::Webhook, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = convert::webhook_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let webhook = app.store.webhook(&tenant, id).await?;
    Ok(convert::webhook(&webhook))
}
