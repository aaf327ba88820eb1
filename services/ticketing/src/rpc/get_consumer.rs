//! Says where a named consumer stands.

use tonic::Request;
use vorrang_api::feed::v1::{Consumer, GetConsumerRequest};
use vorrang_error::Error;

use crate::app::App;

/// See the contract.
pub async fn handle(app: &App, request: Request<GetConsumerRequest>) -> Result<Consumer, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    app.feed.get_consumer(&tenant, request.into_inner()).await
}
