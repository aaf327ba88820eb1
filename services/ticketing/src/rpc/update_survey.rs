//! Changes fields of a survey.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateSurveyRequest>) -> Result<pb::Survey, Error> {
    let mut violations = Violations::new();
    let call = app::call("UpdateSurvey", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let given = request.survey.unwrap_or_default();
    let id = violations.take("survey.name", names::parse_survey(&given.name));
    let mask = convert::read_survey_mask(request.update_mask.as_ref(), &mut violations);
    let fields = app.definitions(&call.tenant, convert::asks_own_fields(&given)).await?;
    let survey = convert::read_survey(&id.unwrap_or_default(), &given, &fields, &mut violations);
    violations.into_result()?;
    app.store
        .update_survey(&call, &given.etag, (survey, &mask), convert::survey)
        .await
}
