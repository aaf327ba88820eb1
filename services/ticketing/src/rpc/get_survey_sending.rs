//! Reads one sending.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetSurveySendingRequest>) -> Result<pb::SurveySending, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = violations.take("name", names::parse_sending(&request.get_ref().name));
    violations.into_result()?;
    let sending = app.store.sending(&tenant, id.unwrap_or_default()).await?;
    Ok(convert::survey_sending(&sending, None))
}
