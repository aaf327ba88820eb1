//! Gives a ticket the policy and schedule that fit it now.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::RecalculateSlaRequest>) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "RecalculateSla",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let which = input::ticket_ref("name", &request.name, &mut violations);
    let reason = input::reason("reason", &request.reason, &mut violations);
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    app.store
        .recalculate_sla(&call, (which, &request.etag), reason, convert::ticket)
        .await
}
