//! Reads one review.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetReviewRequest>) -> Result<pb::Review, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = violations.take("name", names::parse_review(&request.get_ref().name));
    violations.into_result()?;
    let review = app.store.review(&tenant, id.unwrap_or_default()).await?;
    Ok(convert::review(&review))
}
