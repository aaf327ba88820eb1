//! Adds an agent's or automation's message.

use prost::Message as _;
use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_identity::Scope;

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::state::State;
use crate::ticket::Change;

/// Bytes of the newest message's text that the second of two agents is told.
const TOLD_BYTES: usize = 1_024;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateMessageRequest>) -> Result<pb::CreateMessageResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "CreateMessage",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let may_read = vorrang_service::caller(&request)?.scopes.allow(Scope::TicketsRead);
    let request = request.into_inner();
    let which = input::ticket_ref("parent", &request.parent, &mut violations);
    let message = request.message.unwrap_or_default();
    let mut draft = input::message("message", &message, false, &call.actor.id, &mut violations);
    let state = input::state("state", request.state, &mut violations);
    if state == Some(State::New) {
        violations.add("state", "must be OPEN, PENDING, ON_HOLD, SOLVED, CLOSED or unspecified");
    }
    let wanted = input::wanted(state, &request.sub_state, &mut violations);
    let macro_id = match message.r#macro.as_str() {
        "" => None,
        name => Some(input::macro_id("message.macro", name, &mut violations)),
    };
    violations.into_result()?;
    let used = match macro_id {
        Some(id) => {
            let used = app.store.macro_at(&call.tenant, id, None).await?;
            used.check_usable()?;
            Some(used)
        }
        None => None,
    };
    draft.from_macro = macro_id;
    let wanted = match wanted {
        Some((state, sub_state)) => Some(app.wanted(&call.tenant, state, sub_state).await?),
        None => None,
    };
    let tenant = call.tenant.clone();
    app.store.complete_files(&tenant, &mut draft).await?;
    call.actor = draft.actor.clone();
    let answer = app
        .store
        .change(
            &call,
            which,
            |ticket, ids, now| {
                ticket.check_etag(&request.etag)?;
                ticket.check_written_after_opening(&draft)?;
                let mut changes = ticket.add_message(ids.next(now), draft, wanted, now)?;
                changes.extend(used.map(|used| Change::MacroApplied(used.used(&changes, true))));
                Ok(changes)
            },
            |ticket, changes| pb::CreateMessageResponse {
                message: changes.iter().find_map(|change| match change {
                    Change::Message(message) => Some(convert::message(message)),
                    _ => None,
                }),
                ticket: Some(convert::ticket(ticket)),
            },
        )
        .await;
    match answer {
        Err(error) if error.reason() == "ETAG_MISMATCH" && may_read => Err(with_newest(app, &call.tenant, error).await),
        answer => answer,
    }
}

/// Adds the message that the refusal names, so that whoever was second can answer again knowing it.
async fn with_newest(app: &App, tenant: &str, refusal: Error) -> Error {
    let named = refusal.metadata().iter().find(|(key, _)| *key == "newest_message");
    let Some(Ok((_, id))) = named.map(|(_, name)| names::parse_message(name)) else {
        return refusal;
    };
    match app.store.message(tenant, id).await {
        Ok(Some(message)) if !message.erased => {
            let told = convert::message_in_short(&message, TOLD_BYTES);
            refusal.with_detail(names::MESSAGE, told.encode_to_vec())
        }
        Ok(_) => refusal,
        Err(error) => {
            // The refusal holds all the same, and names the message.
            tracing::warn!(error = error.chain(), "the newest message was not read");
            refusal
        }
    }
}
