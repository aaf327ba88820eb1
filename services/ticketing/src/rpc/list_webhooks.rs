//! Lists endpoints, newest first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListWebhooksRequest>) -> Result<pb::ListWebhooksResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page = Page::<Uuid>::parse(request.page_size, &request.page_token, &["webhooks"], &mut violations);
    violations.into_result()?;
    let mut webhooks = app.store.webhooks(&tenant, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut webhooks, |last| last.id);
    Ok(pb::ListWebhooksResponse {
        webhooks: webhooks.iter().map(convert::webhook).collect(),
        next_page_token,
    })
}
