//! Lists the deliveries to an endpoint, newest event first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListDeliveriesRequest>,
) -> Result<pb::ListDeliveriesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let webhook = convert::webhook_id("parent", &request.parent, &mut violations);
    let state = convert::delivery_state("state", request.state, &mut violations);
    let arguments = ["deliveries", &request.parent, &request.state.to_string()];
    let page = Page::<i64>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let mut deliveries = app
        .store
        .deliveries(&tenant, webhook, state, page.after, page.limit())
        .await?;
    let next_page_token = page.cut(&mut deliveries, |last| last.seq);
    Ok(pb::ListDeliveriesResponse {
        deliveries: deliveries.iter().map(convert::delivery).collect(),
        next_page_token,
    })
}
