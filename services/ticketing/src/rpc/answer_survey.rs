//! Records a customer's answer to the satisfaction question.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::store::NewAnswer;
use crate::survey::{CSAT, CSAT_SCALE};
use crate::words::{Actor, ActorKind};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::AnswerSurveyRequest>) -> Result<pb::SurveyAnswer, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("AnswerSurvey", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let which = input::ticket_ref("ticket", &request.ticket, &mut violations);
    if request.survey != CSAT {
        violations.add("survey", "must be csat");
    }
    if !CSAT_SCALE.contains(&request.score) {
        violations.add("score", "must be 1 to 5");
    }
    if request.solve < 0 {
        violations.add("solve", "must not be negative");
    }
    let answered_at = input::time("answered_at", request.answered_at.as_ref(), &mut violations);
    violations.into_result()?;
    // Whoever passes it on, the customer answered; the store knows which one.
    call.actor = Actor {
        kind: ActorKind::Customer,
        id: String::new(),
    };
    let new = NewAnswer {
        survey: CSAT,
        score: request.score,
        solve: request.solve,
        answered_at,
    };
    app.store.answer_survey(&call, which, new, convert::survey_answer).await
}
