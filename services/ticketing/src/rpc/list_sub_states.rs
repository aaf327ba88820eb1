//! Lists sub-states.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;

/// See the contract. A tenant has few of them: all are read, and a page is cut out.
pub async fn handle(app: &App, request: Request<pb::ListSubStatesRequest>) -> Result<pb::ListSubStatesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page = Page::<(i32, String)>::parse(request.page_size, &request.page_token, &["sub_states"], &mut violations);
    violations.into_result()?;
    let mut all = app.store.sub_states(&tenant).await?;
    if let Some((position, id)) = &page.after {
        all.retain(|one| (one.profile.position, &one.id) > (*position, id));
    }
    let next_page_token = page.cut(&mut all, |one| (one.profile.position, one.id.clone()));
    Ok(pb::ListSubStatesResponse {
        sub_states: all.iter().map(convert::sub_state).collect(),
        next_page_token,
    })
}
