//! Makes a survey.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateSurveyRequest>) -> Result<pb::Survey, Error> {
    let mut violations = Violations::new();
    let call = app::call("CreateSurvey", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    violations.take("survey_id", names::check_id(&request.survey_id));
    let given = request.survey.unwrap_or_default();
    if given.kind == 0 {
        violations.add("survey.kind", "must be given");
    }
    let fields = app.definitions(&call.tenant, convert::asks_own_fields(&given)).await?;
    let survey = convert::read_survey(&request.survey_id, &given, &fields, &mut violations);
    violations.into_result()?;
    app.store.create_survey(&call, survey, convert::survey).await
}
