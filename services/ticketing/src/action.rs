//! What macros and automations do to tickets, one thing at a time. Pure: reads no clock and no store.
//!
//! An action is what anybody could do by hand, with the same rules: what a hand is refused an action is refused. It does all
//! of what it says or nothing.

mod apply;
mod diff;
mod notify;
mod template;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::custom::{CustomValue, Definitions, FieldId};
use crate::macros::Macro;
use crate::state::State;
use crate::sub_state::SubState;
use crate::words::{Actor, Priority};

pub use diff::changed_fields;
pub use notify::{Notice, Notify};
pub use template::Template;
pub use text::{LANGUAGES_MAX, Localized, Text};

/// Most actions of a macro or an automation.
pub const ACTIONS_MAX: usize = 20;

/// Something that is done to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Adds a message that the customer sees.
    Reply(Text),
    /// Adds a note among agents.
    Note(Text),
    /// Adds tags. Sorted, each once.
    AddTags(Vec<String>),
    /// Removes tags.
    RemoveTags(Vec<String>),
    /// Sets the priority.
    SetPriority(Priority),
    /// Sets the intent; empty: unknown.
    SetIntent(String),
    /// Moves it to a queue.
    SetQueue(String),
    /// Gives it to an agent, `agents/{agent}`, or back.
    Assign(Option<String>),
    /// Sets a field of the tenant's own, or removes its value.
    SetField(FieldId, Option<CustomValue>),
    /// Changes the state, with the id of a sub-state of it.
    Become(State, Option<String>),
    /// Does what a macro says.
    ApplyMacro(Uuid),
    /// Notifies agents.
    Notify(Notify),
    /// Sends a survey about the last solve.
    SendSurvey(String),
    /// Tells a webhook that the automation was applied.
    SendToWebhook(Uuid),
}

/// Who does it, and in which language.
#[derive(Debug, Clone)]
pub struct Doer {
    /// Who.
    pub actor: Actor,
    /// Whether it is a machine.
    pub automated: bool,
    /// The language of texts; none: the ticket's.
    pub language: Option<String>,
    /// The macro that it does.
    pub from_macro: Option<Uuid>,
}

/// What has to be known to do it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The tenant's own fields.
    pub definitions: Definitions,
    /// Its sub-states, by id.
    pub sub_states: BTreeMap<String, SubState>,
    /// The macros that are applied, by id.
    pub macros: BTreeMap<Uuid, Macro>,
    /// What the customer is called; empty: unknown.
    pub customer_name: String,
    /// The surveys that are sent, by id.
    pub surveys: BTreeMap<String, Asking>,
    /// Which of the webhooks that are told there are, and whether each is enabled.
    pub webhooks: BTreeMap<Uuid, bool>,
}

/// What speaks against sending a survey now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Whether it is switched on.
    pub active: bool,
    /// Whether the customer was asked too short a time ago.
    pub lately: bool,
    /// The solve about which it was sent already; 0: not about the last one.
    pub sent: i32,
}

/// Which of the surroundings actions need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Own fields and sub-states.
    pub definitions: bool,
    /// The customer's name.
    pub customer: bool,
    /// These macros, with all that they need.
    pub macros: Vec<Uuid>,
    /// These surveys.
    pub surveys: Vec<String>,
    /// These webhooks.
    pub webhooks: Vec<Uuid>,
}

impl Needs {
    /// What these actions need.
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Self {
        let mut needs = Self::default();
        for action in actions {
            match action {
                Action::Reply(_) | Action::Note(_) => {
                    needs.definitions = true;
                    needs.customer = true;
                }
                Action::SetField(..) | Action::Become(..) => needs.definitions = true,
                Action::ApplyMacro(id) => {
                    // What it says is known only when it was read.
                    needs.definitions = true;
                    needs.customer = true;
                    needs.macros.push(*id);
                }
                Action::SendSurvey(id) => needs.surveys.push(id.clone()),
                Action::SendToWebhook(id) => needs.webhooks.push(*id),
                _ => {}
            }
        }
        needs
    }
}

impl Action {
    /// Its name in the contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reply(_) => "reply",
            Self::Note(_) => "note",
            Self::AddTags(_) => "add_tags",
            Self::RemoveTags(_) => "remove_tags",
            Self::SetPriority(_) => "set_priority",
            Self::SetIntent(_) => "set_intent",
            Self::SetQueue(_) => "set_queue",
            Self::Assign(_) => "assign",
            Self::SetField(..) => "set_field",
            Self::Become(..) => "set_state",
            Self::ApplyMacro(_) => "apply_macro",
            Self::Notify(_) => "notify",
            Self::SendSurvey(_) => "send_survey",
            Self::SendToWebhook(_) => "send_to_webhook",
        }
    }

    /// Whether macros can do it.
    pub fn is_for_macros(&self) -> bool {
        !matches!(
            self,
            Self::ApplyMacro(_) | Self::Notify(_) | Self::SendSurvey(_) | Self::SendToWebhook(_)
        )
    }
}

#[cfg(test)]
mod tests;
