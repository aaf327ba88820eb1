//! Sends a survey because somebody asks for it.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::store::About;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::SendSurveyRequest>) -> Result<pb::SurveySending, Error> {
    let mut violations = Violations::new();
    let call = app::call("SendSurvey", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = violations.take("survey", names::parse_survey(&request.survey));
    if request.ticket.is_empty() == request.customer.is_empty() {
        violations.add("ticket", "give exactly one of ticket and customer");
    }
    let about = if request.customer.is_empty() {
        About::Ticket(input::ticket_ref("ticket", &request.ticket, &mut violations))
    } else {
        About::Customer(input::customer_id("customer", &request.customer, &mut violations))
    };
    if request.solve < 0 || (request.solve > 0 && request.ticket.is_empty()) {
        violations.add("solve", "must be a solve of a ticket, or 0");
    }
    let language = input::language("language", &request.language, &mut violations);
    violations.into_result()?;
    app.store
        .send_survey(
            &call,
            &id.unwrap_or_default(),
            (about, request.solve, &language),
            |sending, invitation| convert::survey_sending(sending, Some(invitation)),
        )
        .await
}
