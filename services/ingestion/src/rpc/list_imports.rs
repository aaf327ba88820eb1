use tonic::Request;
use uuid::Uuid;
use vorrang_api::ingestion::v1::{ListImportsRequest, ListImportsResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

pub async fn handle(app: &App, request: Request<ListImportsRequest>) -> Result<ListImportsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page: Page<(i64, Uuid)> = Page::parse(request.page_size, &request.page_token, &["imports"], &mut violations);
    violations.into_result()?;
    let mut imports = app.store.imports(&tenant, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut imports, |last| (last.created_at.timestamp_micros(), last.id));
    Ok(ListImportsResponse {
        imports: imports.iter().map(convert::import).collect(),
        next_page_token,
    })
}
