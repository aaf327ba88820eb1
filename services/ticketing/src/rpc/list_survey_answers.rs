//! Lists answers to surveys, newest first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::AnswerFilter;

/// See the contract. An answer keeps its place when a later one replaces it, so that pages do not shift.
pub async fn handle(
    app: &App,
    request: Request<pb::ListSurveyAnswersRequest>,
) -> Result<pb::ListSurveyAnswersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let given = |name: &str| !name.is_empty();
    let kind = request.kind.to_string();
    let arguments = ["answers", &kind, &request.ticket, &request.customer];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let filter = AnswerFilter {
        kind: convert::read_kind("kind", request.kind, &mut violations),
        ticket: given(&request.ticket).then(|| input::ticket_ref("ticket", &request.ticket, &mut violations)),
        customer: given(&request.customer).then(|| input::customer_id("customer", &request.customer, &mut violations)),
    };
    violations.into_result()?;
    let mut rows = app.store.answers(&tenant, &filter, page.after, page.limit()).await?;
    let answers: Vec<pb::SurveyAnswer> = rows.iter().map(convert::survey_answer).collect();
    page.size = page.size.min(fitting(&answers));
    let next_page_token = page.cut(&mut rows, |answer| answer.id);
    Ok(pb::ListSurveyAnswersResponse {
        survey_answers: answers.into_iter().take(rows.len()).collect(),
        next_page_token,
    })
}
