//! Reads one rubric.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetRubricRequest>) -> Result<pb::Rubric, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let named = violations.take("name", names::parse_rubric(&request.get_ref().name));
    violations.into_result()?;
    let (id, version) = named.unwrap_or_default();
    let rubric = app.store.rubric(&tenant, &id, version).await?;
    Ok(convert::rubric(&rubric))
}
