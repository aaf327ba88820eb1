//! Sends a test event at once.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::TestWebhookRequest>) -> Result<pb::TestWebhookResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = convert::webhook_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let tried = app.courier.test(&tenant, id, Uuid::new_v4()).await?;
    Ok(pb::TestWebhookResponse {
        taken: tried.outcome.is_success(),
        status: tried.outcome.status(),
        error: tried.outcome.error().to_owned(),
        duration: Some(vorrang_api::duration(tried.duration)),
    })
}
