//! Lists rubrics by name.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListRubricsRequest>) -> Result<pb::ListRubricsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut page = Page::<String>::parse(request.page_size, &request.page_token, &["rubrics"], &mut violations);
    violations.into_result()?;
    let mut rows = app.store.rubrics(&tenant, page.after.as_deref(), page.limit()).await?;
    let rubrics: Vec<pb::Rubric> = rows.iter().map(convert::rubric).collect();
    page.size = page.size.min(fitting(&rubrics));
    let next_page_token = page.cut(&mut rows, |rubric| rubric.id.clone());
    Ok(pb::ListRubricsResponse {
        rubrics: rubrics.into_iter().take(rows.len()).collect(),
        next_page_token,
    })
}
