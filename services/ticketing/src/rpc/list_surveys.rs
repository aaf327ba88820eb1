//! Lists surveys by name.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListSurveysRequest>) -> Result<pb::ListSurveysResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut page = Page::<String>::parse(request.page_size, &request.page_token, &["surveys"], &mut violations);
    violations.into_result()?;
    let mut rows = app.store.surveys(&tenant, page.after.as_deref(), page.limit()).await?;
    let surveys: Vec<pb::Survey> = rows.iter().map(convert::survey).collect();
    page.size = page.size.min(fitting(&surveys));
    let next_page_token = page.cut(&mut rows, |survey| survey.id.clone());
    Ok(pb::ListSurveysResponse {
        surveys: surveys.into_iter().take(rows.len()).collect(),
        next_page_token,
    })
}
