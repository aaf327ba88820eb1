//! Lists sendings, newest first.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::names;
use crate::store::SendingFilter;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListSurveySendingsRequest>,
) -> Result<pb::ListSurveySendingsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let given = |name: &str| !name.is_empty();
    let arguments = ["sendings", &request.survey, &request.ticket, &request.customer];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let filter = SendingFilter {
        survey: given(&request.survey)
            .then(|| violations.take("survey", names::parse_survey(&request.survey)))
            .flatten(),
        ticket: given(&request.ticket).then(|| input::ticket_ref("ticket", &request.ticket, &mut violations)),
        customer: given(&request.customer).then(|| input::customer_id("customer", &request.customer, &mut violations)),
    };
    violations.into_result()?;
    let mut rows = app.store.sendings(&tenant, &filter, page.after, page.limit()).await?;
    let sendings: Vec<pb::SurveySending> = rows
        .iter()
        .map(|sending| convert::survey_sending(sending, None))
        .collect();
    page.size = page.size.min(fitting(&sendings));
    let next_page_token = page.cut(&mut rows, |sending| sending.id);
    Ok(pb::ListSurveySendingsResponse {
        survey_sendings: sendings.into_iter().take(rows.len()).collect(),
        next_page_token,
    })
}
