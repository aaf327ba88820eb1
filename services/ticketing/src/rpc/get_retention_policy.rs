//! Reads what is kept for how long.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::convert::privacy;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetRetentionPolicyRequest>) -> Result<pb::RetentionPolicy, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let policy = app.store.policy(&tenant).await?;
    Ok(privacy::policy(&policy))
}
