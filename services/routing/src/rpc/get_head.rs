use tonic::Request;
use vorrang_api::feed::v1::{GetHeadRequest, GetHeadResponse};
use vorrang_error::Error;

use crate::app::App;

pub(crate) async fn handle(app: &App, request: Request<GetHeadRequest>) -> Result<GetHeadResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    app.feed.get_head(&tenant).await
}
