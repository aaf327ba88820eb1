//! Gives an identity to another customer.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::MoveIdentityRequest>) -> Result<pb::MoveIdentityResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call("MoveIdentity", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let (source, target) = input::two_customers(&request.source, &request.target, &mut violations);
    let key = input::identity_key("identity", request.identity.as_ref(), &mut violations);
    violations.into_result()?;
    app.store
        .move_identity(
            &call,
            (source, &request.source_etag),
            (target, &request.target_etag),
            &key,
            |source, target, now| pb::MoveIdentityResponse {
                source: Some(convert::customer(source, now)),
                target: Some(convert::customer(target, now)),
            },
        )
        .await
}
