//! What tenants define, in the contract: sub-states, own fields and their values.

use std::collections::BTreeMap;

use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::custom_field_value::{Choices, Value};

use super::words;
use crate::custom::{CustomFields, CustomValue, Definition, Number};
use crate::names;
use crate::sub_state::SubState;

/// A sub-state.
pub fn sub_state(one: &SubState) -> pb::SubState {
    pb::SubState {
        name: names::sub_state(&one.id),
        state: words::state(one.state).into(),
        display_name: one.profile.display_name.clone(),
        position: one.profile.position,
        archived: one.profile.archived,
        created_at: Some(vorrang_api::timestamp(one.created_at)),
        updated_at: Some(vorrang_api::timestamp(one.updated_at)),
        etag: vorrang_service::etag(one.revision),
    }
}

/// A tenant's own field.
pub fn ticket_field(one: &Definition) -> pb::TicketField {
    let profile = &one.profile;
    pb::TicketField {
        name: names::ticket_field(&one.id),
        r#type: words::field_type(one.field_type).into(),
        display_name: profile.display_name.clone(),
        description: profile.description.clone(),
        position: profile.position,
        required_on_solve: profile.required_on_solve,
        archived: profile.archived,
        max_length: profile.max_length.unwrap_or_default(),
        min: profile.min.map(Number::get),
        max: profile.max.map(Number::get),
        choices: profile
            .choices
            .iter()
            .map(|choice| pb::ticket_field::Choice {
                value: choice.value.clone(),
                display_name: choice.display_name.clone(),
                archived: choice.archived,
            })
            .collect(),
        created_at: Some(vorrang_api::timestamp(one.created_at)),
        updated_at: Some(vorrang_api::timestamp(one.updated_at)),
        etag: vorrang_service::etag(one.revision),
    }
}

/// The values that a ticket has.
pub fn values(values: &CustomFields) -> BTreeMap<String, pb::CustomFieldValue> {
    values.iter().map(|(id, one)| (id.clone(), value(one))).collect()
}

/// One value.
pub fn value(value: &CustomValue) -> pb::CustomFieldValue {
    let written = match value {
        CustomValue::Text(text) => Value::Text(text.clone()),
        CustomValue::Code(code) => Value::Code(code.clone()),
        CustomValue::Number(number) => Value::Number(number.get()),
        CustomValue::Flag(flag) => Value::Flag(*flag),
        CustomValue::Date(date) => Value::Date(date.format("%Y-%m-%d").to_string()),
        CustomValue::Time(time) => Value::Time(vorrang_api::timestamp(*time)),
        CustomValue::Choice(choice) => Value::Choice(choice.clone()),
        CustomValue::Choices(choices) => Value::Choices(Choices {
            values: choices.clone(),
        }),
    };
    pb::CustomFieldValue { value: Some(written) }
}
