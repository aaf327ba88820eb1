use futures::{Stream, StreamExt as _};
use tonic::{Request, Status};
use vorrang_api::feed::v1::FollowRequest;
use vorrang_api::raw::FollowResponse;
use vorrang_error::Error;
use vorrang_feed::Tenancy;
use vorrang_identity::Tenant;
use vorrang_service::{caller, status};

use crate::app::App;

pub(crate) async fn handle(
    app: &App,
    request: Request<FollowRequest>,
) -> Result<impl Stream<Item = Result<FollowResponse, Status>> + Send + 'static, Error> {
    let tenancy = match &caller(&request)?.tenant {
        Tenant::One(tenant) => Tenancy::One(tenant.clone()),
        Tenant::All => Tenancy::All,
    };
    let responses = app.feed.follow_encoded(tenancy, request.into_inner()).await?;
    Ok(responses.map(|response| response.map_err(status)))
}
