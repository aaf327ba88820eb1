//! Lists macros by display name.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit;
use crate::app::App;
use crate::convert;
use crate::store::MacroPosition;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListMacrosRequest>) -> Result<pb::ListMacrosResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let archived = if request.show_archived { "archived" } else { "" };
    let mut page = Page::<MacroPosition>::parse(
        request.page_size,
        &request.page_token,
        &["macros", archived],
        &mut violations,
    );
    violations.into_result()?;
    let mut found = app.store.macros(&tenant, &page, request.show_archived).await?;
    let written: Vec<pb::Macro> = found.iter().map(convert::macro_resource).collect();
    // Texts are long: a page ends before it is too large for a message.
    page.size = page.size.min(fit::fitting(&written));
    let next_page_token = page.cut(&mut found, |last| (last.profile.display_name.clone(), last.id));
    Ok(pb::ListMacrosResponse {
        macros: written.into_iter().take(found.len()).collect(),
        next_page_token,
    })
}
