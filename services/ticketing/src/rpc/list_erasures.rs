//! Lists the proofs of erasures, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert::privacy;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListErasuresRequest>) -> Result<pb::ListErasuresResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page = Page::<i64>::parse(request.page_size, &request.page_token, &["erasures"], &mut violations);
    violations.into_result()?;
    let mut erasures = app.store.erasures(&tenant, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut erasures, |erasure| erasure.position);
    Ok(pb::ListErasuresResponse {
        erasures: erasures.iter().map(privacy::erasure).collect(),
        next_page_token,
    })
}
