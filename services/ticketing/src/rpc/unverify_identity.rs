//! Takes the verification of an identity back.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UnverifyIdentityRequest>) -> Result<pb::Customer, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UnverifyIdentity",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::customer_id("name", &request.name, &mut violations);
    let key = input::identity_key("identity", request.identity.as_ref(), &mut violations);
    violations.into_result()?;
    app.store
        .verify_identity(&call, id, &request.etag, (&key, false), convert::customer)
        .await
}
