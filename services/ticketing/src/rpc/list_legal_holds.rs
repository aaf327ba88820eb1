//! Lists the legal holds that stand.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert::privacy;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListLegalHoldsRequest>,
) -> Result<pb::ListLegalHoldsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page = Page::<Uuid>::parse(request.page_size, &request.page_token, &["holds"], &mut violations);
    violations.into_result()?;
    let mut holds = app.store.holds(&tenant, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut holds, |hold| hold.customer);
    Ok(pb::ListLegalHoldsResponse {
        legal_holds: holds.iter().map(privacy::legal_hold).collect(),
        next_page_token,
    })
}
