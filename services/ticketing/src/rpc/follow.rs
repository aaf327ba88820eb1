//! Streams the log.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Status};
use vorrang_api::feed::v1::FollowRequest;
use vorrang_api::raw::FollowResponse;
use vorrang_error::Error;
use vorrang_feed::Tenancy;
use vorrang_identity::Tenant;

use crate::app::App;

/// What the stream carries.
pub type Responses = BoxStream<'static, Result<FollowResponse, Status>>;

/// See the contract.
pub async fn handle(app: &App, request: Request<FollowRequest>) -> Result<Responses, Error> {
    let tenancy = match &vorrang_service::caller(&request)?.tenant {
        Tenant::One(tenant) => Tenancy::One(tenant.clone()),
        Tenant::All => Tenancy::All,
    };
    let responses = app.feed.follow_encoded(tenancy, request.into_inner()).await?;
    Ok(responses
        .map(|response| response.map_err(vorrang_service::status))
        .boxed())
}
