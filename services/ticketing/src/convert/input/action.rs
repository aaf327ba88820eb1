//! Macros and what they do, read from the contract.

use std::collections::BTreeMap;

use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::ticket_action::{self, Action as Wire};
use vorrang_error::Violations;

use super::{WORD_MAX, custom, followers, language, mask_of, tags, text};
use crate::action::{ACTIONS_MAX, Action, LANGUAGES_MAX, Localized, Notify, Template, Text};
use crate::convert::words;
use crate::custom::Definitions;
use crate::macros::{Field, Profile};
use crate::names;
use crate::state::State;
use crate::sub_state::SubState;

/// Characters of a macro's name.
const DISPLAY_NAME_MAX: usize = 100;
/// Characters of a description and of a notice.
const DESCRIPTION_MAX: usize = 500;
/// Characters of a text.
const TEXT_MAX: usize = 20_000;

/// What actions may name.
pub struct Known<'a> {
    /// The tenant's own fields.
    pub definitions: &'a Definitions,
    /// Its sub-states, by id.
    pub sub_states: &'a BTreeMap<String, SubState>,
}

/// The macro that a request names.
pub fn macro_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations.take(field, names::parse_macro(name)).unwrap_or_default()
}

/// The fields of a macro that a mask names; at least one.
pub fn macro_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<Field> {
    mask_of(mask, Field::parse, violations)
}

/// What of a macro can be changed: all of it, or what a mask names. The rest is not looked at.
pub fn macro_profile(
    given: &pb::Macro,
    only: Option<&[Field]>,
    known: &Known<'_>,
    violations: &mut Violations,
) -> Profile {
    let wants = |field: Field| only.is_none_or(|only| only.contains(&field));
    let mut profile = Profile {
        display_name: String::new(),
        description: String::new(),
        actions: Vec::new(),
    };
    if wants(Field::DisplayName) {
        profile.display_name = shown("macro.display_name", &given.display_name, violations);
    }
    if wants(Field::Description) {
        profile.description = text("macro.description", &given.description, DESCRIPTION_MAX, violations);
    }
    if wants(Field::Actions) {
        profile.actions = actions("macro.actions", &given.actions, known, violations);
        for (index, action) in profile.actions.iter().enumerate() {
            if !action.is_for_macros() {
                violations.add(format!("macro.actions[{index}]"), "is for automations only");
            }
        }
    }
    profile
}

/// A name that is shown.
pub fn shown(field: &str, name: &str, violations: &mut Violations) -> String {
    if name.trim().is_empty() {
        violations.add(field, "must not be empty");
    }
    text(field, name.trim(), DISPLAY_NAME_MAX, violations)
}

/// Actions, each with everything that is wrong with it. Those that cannot be read stand as something harmless, so that
/// places stay as they were given.
pub fn actions(field: &str, given: &[pb::TicketAction], known: &Known<'_>, violations: &mut Violations) -> Vec<Action> {
    if !(1..=ACTIONS_MAX).contains(&given.len()) {
        violations.add(field, format!("must be 1 to {ACTIONS_MAX} actions"));
    }
    given
        .iter()
        .take(ACTIONS_MAX)
        .enumerate()
        .map(|(index, one)| {
            let field = format!("{field}[{index}]");
            action(&field, one, known, violations).unwrap_or(Action::RemoveTags(Vec::new()))
        })
        .collect()
}

fn action(field: &str, given: &pb::TicketAction, known: &Known<'_>, violations: &mut Violations) -> Option<Action> {
    let Some(wire) = &given.action else {
        violations.add(field, "must say what is done");
        return None;
    };
    let path = |name: &str| format!("{field}.{name}");
    Some(match wire {
        Wire::Reply(one) => Action::Reply(words_of(&path("reply"), one, known, violations)),
        Wire::Note(one) => Action::Note(words_of(&path("note"), one, known, violations)),
        Wire::AddTags(one) => Action::AddTags(some_tags(&path("add_tags.tags"), &one.tags, violations)),
        Wire::RemoveTags(one) => Action::RemoveTags(some_tags(&path("remove_tags.tags"), &one.tags, violations)),
        Wire::SetPriority(value) => {
            let field = path("set_priority");
            let read = words::read_priority(*value, &field, violations);
            if *value == 0 {
                violations.add(field, "must say which");
            }
            Action::SetPriority(read?)
        }
        Wire::SetIntent(intent) => Action::SetIntent(text(&path("set_intent"), intent, WORD_MAX, violations)),
        Wire::SetQueue(queue) => {
            violations.take(path("set_queue"), names::check_queue(queue));
            Action::SetQueue(queue.clone())
        }
        Wire::Assign(one) => Action::Assign(super::agent(&path("assign.agent"), &one.agent, violations)),
        Wire::SetField(one) => set_field(&path("set_field"), one, known, violations)?,
        Wire::SetState(one) => set_state(&path("set_state"), one, known, violations)?,
        Wire::ApplyMacro(name) => Action::ApplyMacro(macro_id(&path("apply_macro"), name, violations)),
        Wire::Notify(one) => {
            if one.agents.is_empty() && !one.followers && !one.assignee {
                violations.add(path("notify"), "must say whom");
            }
            Action::Notify(Notify {
                agents: followers(&path("notify.agents"), &one.agents, violations),
                followers: one.followers,
                assignee: one.assignee,
                text: text(&path("notify.text"), one.text.trim(), DESCRIPTION_MAX, violations),
            })
        }
        Wire::SendSurvey(name) => Action::SendSurvey(violations.take(path("send_survey"), names::parse_survey(name))?),
        Wire::SendToWebhook(name) => {
            Action::SendToWebhook(violations.take(path("send_to_webhook"), names::parse_webhook(name))?)
        }
    })
}

fn some_tags(field: &str, given: &[String], violations: &mut Violations) -> Vec<String> {
    if given.is_empty() {
        violations.add(field, "must name at least one");
    }
    tags(field, given, violations)
}

fn words_of(field: &str, given: &ticket_action::Text, known: &Known<'_>, violations: &mut Violations) -> Text {
    let field = format!("{field}.texts");
    if !(1..=LANGUAGES_MAX).contains(&given.texts.len()) {
        violations.add(&field, format!("must be 1 to {LANGUAGES_MAX} texts"));
    }
    let mut read: Vec<Localized> = Vec::new();
    for (index, one) in given.texts.iter().take(LANGUAGES_MAX).enumerate() {
        let tag = language(&format!("{field}[{index}].language"), &one.language, violations);
        if read.iter().any(|other| other.language.eq_ignore_ascii_case(&tag)) {
            violations.add(format!("{field}[{index}].language"), "is there twice");
        }
        let path = format!("{field}[{index}].text");
        if one.text.trim().is_empty() {
            violations.add(&path, "must not be empty");
        }
        let words = text(&path, &one.text, TEXT_MAX, violations);
        if let Some(template) = violations.take(&path, Template::parse(&words)) {
            let unknown = template.fields().find(|id| known.definitions.get(id).is_none());
            if let Some(id) = unknown {
                violations.add(&path, format!("there is no field {id:?}"));
            }
        }
        read.push(Localized {
            language: tag,
            text: words,
        });
    }
    Text(read)
}

fn set_field(
    field: &str,
    given: &ticket_action::Field,
    known: &Known<'_>,
    violations: &mut Violations,
) -> Option<Action> {
    let path = format!("{field}.field");
    let id = violations.take(&path, names::parse_ticket_field(&given.field))?;
    let Some(definition) = known.definitions.get(id) else {
        violations.add(path, "there is no such field");
        return None;
    };
    if definition.profile.archived {
        violations.add(path, "is archived and takes no values any more");
    }
    let value = match &given.value {
        None => None,
        Some(value) => {
            let read = custom::value_of(value).and_then(|value| definition.check(value));
            Some(violations.take(format!("{field}.value"), read)?)
        }
    };
    Some(Action::SetField(id.to_owned(), value))
}

fn set_state(
    field: &str,
    given: &ticket_action::Become,
    known: &Known<'_>,
    violations: &mut Violations,
) -> Option<Action> {
    let path = format!("{field}.state");
    let state = words::read_state(given.state, &path, violations);
    if given.state == 0 || state == Some(State::New) {
        violations.add(path, "must be OPEN, PENDING, ON_HOLD, SOLVED or CLOSED");
        return None;
    }
    let state = state?;
    let sub_state = match given.sub_state.as_str() {
        "" => None,
        name => {
            let path = format!("{field}.sub_state");
            let id = violations.take(&path, names::parse_sub_state(name))?;
            match known.sub_states.get(id) {
                None => violations.add(path, "there is no such sub-state"),
                Some(one) => {
                    if let Err(wrong) = one.check_given(state) {
                        let why = wrong.violations().first().map(|one| one.description.clone());
                        violations.add(path, why.unwrap_or_else(|| wrong.message().to_owned()));
                    }
                }
            }
            Some(id.to_owned())
        }
    };
    Some(Action::Become(state, sub_state))
}
