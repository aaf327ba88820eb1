//! Records a customer's answer to a survey.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::store::{About, Asked, NewAnswer};
use crate::survey::Kind;
use crate::words::{Actor, ActorKind};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::AnswerSurveyRequest>) -> Result<pb::SurveyAnswer, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("AnswerSurvey", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let about = about(&request, &mut violations);
    let asked = asked(&request, &mut violations);
    if let Asked::Kind(kind) = asked
        && !kind.scale().contains(&request.score)
    {
        let scale = kind.scale();
        violations.add("score", format!("must be {} to {}", scale.start(), scale.end()));
    }
    if request.solve < 0 || (request.solve > 0 && matches!(about, About::Customer(_))) {
        violations.add("solve", "must be a solve of a ticket, or 0");
    }
    let new = NewAnswer {
        about,
        asked,
        score: request.score,
        solve: request.solve,
        comment: Some(input::comment("comment", &request.comment, &mut violations)),
        agent: input::agent("agent", &request.agent, &mut violations),
        answered_at: input::time("answered_at", request.answered_at.as_ref(), &mut violations),
        same_is_nothing: false,
    };
    violations.into_result()?;
    // Whoever passes it on, the customer answered; the store knows which one.
    call.actor = Actor {
        kind: ActorKind::Customer,
        id: String::new(),
    };
    app.store.answer_survey(&call, new, convert::survey_answer).await
}

fn about(request: &pb::AnswerSurveyRequest, violations: &mut Violations) -> About {
    let given = [&request.ticket, &request.customer, &request.sending];
    if given.iter().filter(|name| !name.is_empty()).count() != 1 {
        violations.add("ticket", "give exactly one of ticket, customer and sending");
    }
    if !request.sending.is_empty() {
        let id = violations.take("sending", names::parse_sending(&request.sending));
        About::Sending(id.unwrap_or_default())
    } else if !request.customer.is_empty() {
        About::Customer(input::customer_id("customer", &request.customer, violations))
    } else {
        About::Ticket(input::ticket_ref("ticket", &request.ticket, violations))
    }
}

fn asked(request: &pb::AnswerSurveyRequest, violations: &mut Violations) -> Asked {
    match request.survey.as_str() {
        "" if !request.sending.is_empty() => Asked::BySending,
        name if name.starts_with("surveys/") => {
            Asked::Survey(violations.take("survey", names::parse_survey(name)).unwrap_or_default())
        }
        word => Kind::of(word).map(Asked::Kind).unwrap_or_else(|| {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            violations.add("survey", format!("must be {} or surveys/{{survey}}", kinds.join(", ")));
            Asked::BySending
        }),
    }
}
