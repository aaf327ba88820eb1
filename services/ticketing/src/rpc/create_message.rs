//! Adds an agent's or automation's message.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::state::State;
use crate::ticket::Change;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateMessageRequest>) -> Result<pb::CreateMessageResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "CreateMessage",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let which = input::ticket_ref("parent", &request.parent, &mut violations);
    let message = request.message.unwrap_or_default();
    let draft = input::message("message", &message, false, &call.actor.id, &mut violations);
    let state = input::state("state", request.state, &mut violations);
    if state == Some(State::New) {
        violations.add("state", "must be OPEN, PENDING, ON_HOLD, SOLVED, CLOSED or unspecified");
    }
    violations.into_result()?;
    call.actor = draft.actor.clone();
    app.store
        .change(
            &call,
            which,
            |ticket, ids, now| {
                ticket.check_etag(&request.etag)?;
                ticket.check_written_after_opening(&draft)?;
                ticket.add_message(ids.next(now), draft, state, now)
            },
            |ticket, changes| pb::CreateMessageResponse {
                message: changes.iter().find_map(|change| match change {
                    Change::Message(message) => Some(convert::message(message)),
                    _ => None,
                }),
                ticket: Some(convert::ticket(ticket)),
            },
        )
        .await
}
