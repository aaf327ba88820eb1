use tonic::Request;
use vorrang_api::feed::v1::{ListConsumersRequest, ListConsumersResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;

pub(crate) async fn handle(app: &App, request: Request<ListConsumersRequest>) -> Result<ListConsumersResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let message = request.get_ref();
    let mut violations = Violations::new();
    let page: Page<String> = Page::parse(message.page_size, &message.page_token, &["consumers"], &mut violations);
    violations.into_result()?;
    let mut consumers = app.feed.consumers(&tenant, page.after.as_deref(), page.limit()).await?;
    let next_page_token = page.cut(&mut consumers, |last| last.name.clone());
    Ok(ListConsumersResponse {
        consumers,
        next_page_token,
    })
}
