//! Macros and what they do, in the contract. Cannot fail.

use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket_action::{self, Action as Wire};

use super::output::{maybe, ticket, time};
use super::{custom, words};
use crate::action::{Action, Notice, Text};
use crate::macros::{Macro, Used};
use crate::names;
use crate::ticket::Ticket;

/// A macro.
pub fn macro_resource(one: &Macro) -> pb::Macro {
    pb::Macro {
        name: names::macro_name(one.id),
        display_name: one.profile.display_name.clone(),
        description: one.profile.description.clone(),
        actions: one.profile.actions.iter().map(action).collect(),
        version: one.revision,
        archived_at: maybe(one.archived_at),
        created_at: time(one.created_at),
        updated_at: time(one.updated_at),
        etag: vorrang_service::etag(one.revision),
    }
}

/// An action.
pub fn action(action: &Action) -> pb::TicketAction {
    let tags = |tags: &[String]| ticket_action::Tags { tags: tags.to_vec() };
    let wire = match action {
        Action::Reply(one) => Wire::Reply(text(one)),
        Action::Note(one) => Wire::Note(text(one)),
        Action::AddTags(list) => Wire::AddTags(tags(list)),
        Action::RemoveTags(list) => Wire::RemoveTags(tags(list)),
        Action::SetPriority(priority) => Wire::SetPriority(words::priority(*priority).into()),
        Action::SetIntent(intent) => Wire::SetIntent(intent.clone()),
        Action::SetQueue(queue) => Wire::SetQueue(queue.clone()),
        Action::Assign(agent) => Wire::Assign(ticket_action::Assign {
            agent: agent.clone().unwrap_or_default(),
        }),
        Action::SetField(id, value) => Wire::SetField(ticket_action::Field {
            field: names::ticket_field(id),
            value: value.as_ref().map(custom::value),
        }),
        Action::Become(state, sub_state) => Wire::SetState(ticket_action::Become {
            state: words::state(*state).into(),
            sub_state: sub_state.as_deref().map(names::sub_state).unwrap_or_default(),
        }),
        Action::ApplyMacro(id) => Wire::ApplyMacro(names::macro_name(*id)),
        Action::Notify(notify) => Wire::Notify(ticket_action::Notify {
            agents: notify.agents.clone(),
            followers: notify.followers,
            assignee: notify.assignee,
            text: notify.text.clone(),
        }),
        Action::SendSurvey(id) => Wire::SendSurvey(names::survey(id)),
        Action::SendToWebhook(id) => Wire::SendToWebhook(names::webhook(*id)),
    };
    pb::TicketAction { action: Some(wire) }
}

fn text(text: &Text) -> ticket_action::Text {
    ticket_action::Text {
        texts: text
            .0
            .iter()
            .map(|one| ticket_action::LocalizedText {
                language: one.language.clone(),
                text: one.text.clone(),
            })
            .collect(),
    }
}

/// What is told of a use.
pub fn macro_applied(after: &Ticket, used: &Used) -> Payload {
    let message = |id: &uuid::Uuid| names::message(after.id, *id);
    Payload::MacroApplied(pb::MacroApplied {
        ticket: Some(ticket(after)),
        r#macro: names::macro_name(used.id),
        version: used.version,
        messages: used.messages.iter().map(message).collect(),
        by_hand: used.by_hand,
    })
}

/// Word to agents.
pub fn agents_notified(after: &Ticket, notice: &Notice) -> Payload {
    Payload::AgentsNotified(pb::AgentsNotified {
        ticket: Some(ticket(after)),
        agents: notice.agents.clone(),
        text: notice.text.clone(),
    })
}
