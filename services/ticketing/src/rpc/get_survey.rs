//! Reads one survey.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetSurveyRequest>) -> Result<pb::Survey, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = violations.take("name", names::parse_survey(&request.get_ref().name));
    violations.into_result()?;
    let survey = app.store.survey(&tenant, &id.unwrap_or_default()).await?;
    Ok(convert::survey(&survey))
}
