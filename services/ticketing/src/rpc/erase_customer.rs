//! Erases a customer for good.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{input, privacy};
use crate::store::ErasureRequest;
use crate::{proofs, retention};

/// See the contract. The proof is written outside of the database, too, and the files are deleted, before the answer; when
/// the object store is down both are done later, and the erasure stands all the same.
pub async fn handle(app: &App, request: Request<pb::EraseCustomerRequest>) -> Result<pb::Erasure, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "EraseCustomer",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let wanted = ErasureRequest {
        customer: input::customer_id("name", &request.name, &mut violations),
        ground: privacy::read_ground("ground", request.ground, &mut violations),
        reference: privacy::read_reference("reference", &request.reference, &mut violations),
    };
    violations.into_result()?;
    let proof = app.store.erase_customer(&call, wanted, privacy::erasure).await?;
    let after = async {
        proofs::keep(&app.store, &app.objects).await?;
        retention::sweep(&app.store, &app.objects).await
    };
    if let Err(error) = after.await {
        tracing::warn!(error = error.chain(), "an erasure is completed later");
    }
    Ok(proof)
}
