//! Sends one delivery again.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::names;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ReplayDeliveryRequest>) -> Result<pb::Delivery, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "ReplayDelivery",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let name = violations.take("name", names::parse_delivery(&request.name));
    violations.into_result()?;
    let (webhook, seq) = name.unwrap_or_default();
    app.store.replay_delivery(&call, webhook, seq, convert::delivery).await
}
