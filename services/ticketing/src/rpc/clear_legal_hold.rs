//! Ends a legal hold.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::privacy;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ClearLegalHoldRequest>) -> Result<pb::LegalHold, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "ClearLegalHold",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let customer = privacy::read_legal_hold("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    app.store.clear_hold(&call, customer, privacy::legal_hold).await
}
