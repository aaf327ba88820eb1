//! Lists automations in their order.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit;
use crate::app::App;
use crate::convert;

/// Where one stands: archived ones last, by place, by id.
type Position = (bool, i32, uuid::Uuid);

/// See the contract. There are few enough to read them all.
pub async fn handle(
    app: &App,
    request: Request<pb::ListAutomationsRequest>,
) -> Result<pb::ListAutomationsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let archived = if request.show_archived { "archived" } else { "" };
    let mut page = Page::<Position>::parse(
        request.page_size,
        &request.page_token,
        &["automations", archived],
        &mut violations,
    );
    violations.into_result()?;
    let mut found = app.store.automations(&tenant, request.show_archived).await?;
    let place = |one: &crate::automation::Automation| (one.archived_at.is_some(), one.position, one.id);
    found.retain(|one| page.after.is_none_or(|after| place(one) > after));
    let written: Vec<pb::Automation> = found.iter().map(convert::automation).collect();
    // Texts are long: a page ends before it is too large for a message.
    page.size = page.size.min(fit::fitting(&written));
    let next_page_token = page.cut(&mut found, place);
    Ok(pb::ListAutomationsResponse {
        automations: written.into_iter().take(found.len()).collect(),
        next_page_token,
    })
}
