use tonic::Request;
use vorrang_api::ingestion::v1::{ListSourcesRequest, ListSourcesResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<ListSourcesRequest>) -> Result<ListSourcesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page: Page<(i64, String)> = Page::parse(request.page_size, &request.page_token, &[], &mut violations);
    // A token is not signed, and the database refuses a NUL as a failure of its own.
    if page.after.as_ref().is_some_and(|(_, id)| !names::is_source_id(id)) {
        violations.add("page_token", "is none of ours");
    }
    violations.into_result()?;
    let mut sources = app.store.sources(&tenant, page.after.clone(), page.limit()).await?;
    let next_page_token = page.cut(&mut sources, |last| {
        (last.created_at.timestamp_micros(), last.id.clone())
    });
    let sources = sources
        .into_iter()
        .map(|source| {
            let rejected = app.rejected.of(&source.id);
            convert::source(source, String::new(), rejected)
        })
        .collect();
    Ok(ListSourcesResponse {
        sources,
        next_page_token,
    })
}
