//! Lists what was given up, newest event first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

/// Stands for every webhook of the tenant.
const ALL: &str = "webhooks/-";

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListDeadLettersRequest>,
) -> Result<pb::ListDeadLettersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let webhook = (request.parent != ALL).then(|| convert::webhook_id("parent", &request.parent, &mut violations));
    let arguments = ["dead letters", request.parent.as_str()];
    let page = Page::<(i64, Uuid)>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let mut dead = app
        .store
        .dead_letters(&tenant, webhook, page.after, page.limit())
        .await?;
    let next_page_token = page.cut(&mut dead, |last| (last.seq, last.webhook));
    Ok(pb::ListDeadLettersResponse {
        deliveries: dead.iter().map(convert::delivery).collect(),
        next_page_token,
    })
}
