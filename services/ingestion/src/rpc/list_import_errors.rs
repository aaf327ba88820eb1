use tonic::Request;
use vorrang_api::ingestion::v1::{ImportError, ListImportErrorsRequest, ListImportErrorsResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::names;

pub async fn handle(app: &App, request: Request<ListImportErrorsRequest>) -> Result<ListImportErrorsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let import = violations
        .take("parent", names::parse_import(&request.parent))
        .unwrap_or_default();
    let arguments = ["import_errors", request.parent.as_str()];
    let page: Page<(i64, i32)> = Page::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let mut errors = app
        .store
        .import_errors(&tenant, import, page.after, page.limit())
        .await?;
    let line = |line: u64| i64::try_from(line).unwrap_or(i64::MAX);
    let next_page_token = page.cut(&mut errors, |last| (line(last.line), last.position));
    let errors = errors.into_iter().map(|error| ImportError {
        line: line(error.line),
        reason: error.reason,
        field: error.field,
        text: error.text,
    });
    Ok(ListImportErrorsResponse {
        errors: errors.collect(),
        next_page_token,
    })
}
