//! Puts a customer under a legal hold.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::privacy;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::SetLegalHoldRequest>) -> Result<pb::LegalHold, Error> {
    let mut violations = Violations::new();
    let call = app::call("SetLegalHold", &request, &request.get_ref().request_id, &mut violations)?;
    let hold = request.into_inner().legal_hold.unwrap_or_default();
    let customer = privacy::read_legal_hold("legal_hold.name", &hold.name, &mut violations);
    let reference = privacy::read_reference("legal_hold.reference", &hold.reference, &mut violations);
    violations.into_result()?;
    app.store
        .set_hold(&call, customer, reference, privacy::legal_hold)
        .await
}
