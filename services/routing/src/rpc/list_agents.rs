use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::ListAgentsRequest>,
) -> Result<pb::ListAgentsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let message = request.get_ref();
    let mut violations = Violations::new();
    let page: Page<String> = Page::parse(message.page_size, &message.page_token, &[], &mut violations);
    violations.into_result()?;

    let mut rows = app.store.agents(&tenant, page.after.as_deref(), page.limit()).await?;
    let next_page_token = page.cut(&mut rows, |last| last.id.clone());
    Ok(pb::ListAgentsResponse {
        agents: rows.iter().map(convert::agent).collect(),
        next_page_token,
    })
}
