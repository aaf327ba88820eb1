use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::convert;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::GetRoutingPolicyRequest>,
) -> Result<pb::RoutingPolicy, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    Ok(convert::policy(&app.store.policy(&tenant).await?))
}
