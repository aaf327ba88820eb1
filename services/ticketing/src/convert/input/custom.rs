//! What tenants define, read from the contract.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::custom_field_value::Value;
use vorrang_error::Violations;

use super::{mask_of, text, time};
use crate::convert::words;
use crate::custom::{self, Choice, CustomFields, CustomValue, Definitions, FieldType, Number};
use crate::names;
use crate::state::State;
use crate::sub_state::{self, SubState};

/// Characters of a name that is shown.
const DISPLAY_NAME_MAX: usize = 100;
/// Characters of a description.
const DESCRIPTION_MAX: usize = 500;
/// Characters that a text field may allow.
const LENGTH_MAX: i32 = 4_000;
/// Choices of a field.
const CHOICES_MAX: usize = 200;
/// Values whose mistakes are told; an answer has no room for thousands.
const VALUES_MAX: usize = 200;

/// The values of a ticket's own fields, each of the field's type and within its bounds.
pub fn values(
    given: &BTreeMap<String, pb::CustomFieldValue>,
    definitions: &Definitions,
    violations: &mut Violations,
) -> CustomFields {
    let mut read = CustomFields::new();
    for (id, value) in given.iter().take(VALUES_MAX) {
        // The key is a text of the caller's: only what can be an id is repeated.
        let path = match names::check_field_id(id) {
            Ok(()) => custom::path(id),
            Err(_) => "ticket.custom_fields".to_owned(),
        };
        let Some(definition) = definitions.get(id) else {
            violations.add(path, "there is no such field");
            continue;
        };
        let value = value_of(value).and_then(|value| definition.check(value));
        if let Some(value) = violations.take(path, value) {
            read.insert(id.clone(), value);
        }
    }
    if given.len() > VALUES_MAX {
        violations.add("ticket.custom_fields", format!("at most {VALUES_MAX} values"));
    }
    read
}

pub(super) fn value_of(given: &pb::CustomFieldValue) -> Result<CustomValue, String> {
    Ok(match &given.value {
        None => return Err("must have a value; leave the field out to have none".to_owned()),
        Some(Value::Text(text)) => CustomValue::Text(text.clone()),
        Some(Value::Code(code)) => CustomValue::Code(code.trim().to_owned()),
        Some(Value::Number(number)) => CustomValue::Number(Number::new(*number).ok_or("must be finite")?),
        Some(Value::Flag(flag)) => CustomValue::Flag(*flag),
        Some(Value::Date(date)) => CustomValue::Date(day(date)?),
        Some(Value::Time(at)) => {
            let mut wrong = Violations::new();
            let read = time("time", Some(at), &mut wrong);
            CustomValue::Time(read.ok_or("must be a time of the years 1990 to 9999")?)
        }
        Some(Value::Choice(word)) => CustomValue::Choice(word.clone()),
        Some(Value::Choices(words)) => CustomValue::Choices(words.values.clone()),
    })
}

/// A day as ISO 8601 writes it, and no other way.
fn day(text: &str) -> Result<NaiveDate, String> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    read.filter(|date| date.format("%Y-%m-%d").to_string() == text)
        .ok_or_else(|| "must be a day of the calendar, for example 2026-03-29".to_owned())
}

/// A sub-state: its state, and what can be changed.
pub fn sub_state(given: &pb::SubState, violations: &mut Violations) -> sub_state::Profile {
    sub_state::Profile {
        display_name: shown("sub_state.display_name", &given.display_name, violations),
        position: given.position,
        archived: given.archived,
    }
}

/// The state that a new sub-state belongs to.
pub fn sub_state_of(given: i32, violations: &mut Violations) -> State {
    let mut unknown = Violations::new();
    let state = words::read_state(given, "sub_state.state", &mut unknown).filter(|state| SubState::suits(*state));
    if state.is_none() {
        violations.add("sub_state.state", "must be OPEN, PENDING, ON_HOLD, SOLVED or CLOSED");
    }
    state.unwrap_or(State::Open)
}

/// What a mask names of a sub-state; at least one.
pub fn sub_state_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<sub_state::Field> {
    mask_of(mask, sub_state::Field::parse, violations)
}

/// What a mask names of a tenant's own field; at least one.
pub fn ticket_field_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<custom::Field> {
    mask_of(mask, custom::Field::parse, violations)
}

/// The type of a new field.
pub fn ticket_field_type(given: i32, violations: &mut Violations) -> FieldType {
    let mut unknown = Violations::new();
    let read = words::read_field_type(given, "ticket_field.type", &mut unknown);
    if read.is_none() {
        violations.add("ticket_field.type", "must be one of the types");
    }
    read.unwrap_or(FieldType::Text)
}

/// A tenant's own field: what can be changed.
pub fn ticket_field(given: &pb::TicketField, violations: &mut Violations) -> custom::Profile {
    if !(0..=LENGTH_MAX).contains(&given.max_length) {
        violations.add("ticket_field.max_length", format!("must be 1 to {LENGTH_MAX}, or 0"));
    }
    let mut bound = |field: &str, number: Option<f64>| {
        let read = number.and_then(Number::new);
        if number.is_some() && read.is_none() {
            violations.add(format!("ticket_field.{field}"), "must be finite");
        }
        read
    };
    let (min, max) = (bound("min", given.min), bound("max", given.max));
    custom::Profile {
        display_name: shown("ticket_field.display_name", &given.display_name, violations),
        description: text(
            "ticket_field.description",
            &given.description,
            DESCRIPTION_MAX,
            violations,
        ),
        position: given.position,
        required_on_solve: given.required_on_solve,
        archived: given.archived,
        max_length: (given.max_length != 0).then_some(given.max_length),
        min,
        max,
        choices: choices(&given.choices, violations),
    }
}

fn choices(given: &[pb::ticket_field::Choice], violations: &mut Violations) -> Vec<Choice> {
    const FIELD: &str = "ticket_field.choices";
    if given.len() > CHOICES_MAX {
        violations.add(FIELD, format!("at most {CHOICES_MAX} choices"));
    }
    let mut read: Vec<Choice> = Vec::new();
    for (index, choice) in given.iter().take(CHOICES_MAX).enumerate() {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if !(1..=63).contains(&choice.value.len()) || !choice.value.bytes().all(fits) {
            violations.add(
                format!("{FIELD}[{index}].value"),
                "must be 1 to 63 of a-z, 0-9, - and _",
            );
        }
        if read.iter().any(|other| other.value == choice.value) {
            violations.add(format!("{FIELD}[{index}].value"), "is there twice");
        }
        let path = format!("{FIELD}[{index}].display_name");
        read.push(Choice {
            value: choice.value.clone(),
            display_name: shown(&path, &choice.display_name, violations),
            archived: choice.archived,
        });
    }
    read
}

/// A name that is shown.
fn shown(field: &str, name: &str, violations: &mut Violations) -> String {
    if name.trim().is_empty() {
        violations.add(field, "must not be empty");
    }
    text(field, name.trim(), DISPLAY_NAME_MAX, violations)
}
