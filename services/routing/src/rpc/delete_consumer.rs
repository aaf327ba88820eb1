use tonic::Request;
use vorrang_api::feed::v1::DeleteConsumerRequest;
use vorrang_error::Error;

use crate::app::App;

pub(crate) async fn handle(app: &App, request: Request<DeleteConsumerRequest>) -> Result<(), Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let hash = vorrang_service::request_hash("DeleteConsumer", request.get_ref());
    app.feed.delete_consumer(&tenant, hash, request.into_inner()).await
}
