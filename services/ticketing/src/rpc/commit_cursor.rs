//! Notes how far a named consumer has come.

use tonic::Request;
use vorrang_api::feed::v1::{CommitCursorRequest, Consumer};
use vorrang_error::Error;

use crate::app::App;

/// See the contract.
pub async fn handle(app: &App, request: Request<CommitCursorRequest>) -> Result<Consumer, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    app.feed.commit_cursor(&tenant, request.into_inner()).await
}
