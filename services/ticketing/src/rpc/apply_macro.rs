//! Applies a macro to a ticket.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::action::{self, Doer};
use crate::app::{self, App};
use crate::convert::{self, input};
use crate::store::Application;
use crate::ticket::{Change, Ticket};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ApplyMacroRequest>) -> Result<pb::ApplyMacroResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("ApplyMacro", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let ticket = input::ticket_ref("ticket", &request.ticket, &mut violations);
    let macro_id = input::macro_id("macro", &request.r#macro, &mut violations);
    let agent = input::agent("agent", &request.agent, &mut violations);
    if agent.is_none() {
        violations.add("agent", "must say who does it");
    }
    let language = input::language("language", &request.language, &mut violations);
    violations.into_result()?;
    call.actor = app::agent(agent.unwrap_or_default());
    let wanted = Application {
        ticket,
        etag: request.etag,
        macro_id,
        doer: Doer {
            actor: call.actor.clone(),
            automated: false,
            language: (!language.is_empty()).then_some(language),
            from_macro: None,
        },
        preview: request.preview,
    };
    app.store.apply_macro(&call, wanted, respond).await
}

fn respond(before: &Ticket, after: &Ticket, changes: &[Change]) -> pb::ApplyMacroResponse {
    let messages = changes.iter().filter_map(|change| match change {
        Change::Message(message) => Some(convert::message(message)),
        _ => None,
    });
    pb::ApplyMacroResponse {
        ticket: Some(convert::ticket(after)),
        messages: messages.collect(),
        changed_fields: action::changed_fields(before, after)
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}
