//! Conditions on tickets: what can be asked, and the answers of a ticket in memory. Pure. `store/find/sql.rs` gives the same
//! answers in SQL; a test holds the two together.

use std::borrow::Cow;

use vorrang_filter::{Kind, Record, Schema, Value};

use crate::custom::{CustomValue, Definition, Definitions, FieldType, Number};
use crate::names;
use crate::state::State;
use crate::ticket::Ticket;
use crate::words::{Channel, Disposition, Priority};

/// What stands before the id of a tenant's own field.
pub const OWN: &str = "custom_fields";

/// The fields of a ticket that filters know, with the tenant's own. Free text is sealed at rest and cannot be asked for.
pub fn schema(definitions: &Definitions) -> Schema {
    let own = definitions.iter().map(|one| (one.id.clone(), own_kind(one)));
    Schema::new()
        .field("number", Kind::Integer)
        .field("state", Kind::choice(State::ALL.map(State::as_str)))
        .field("sub_state", Kind::name("subStates"))
        .field(
            "disposition",
            Kind::choice(Disposition::ALL.iter().map(|one| one.as_str())),
        )
        .field("priority", Kind::ranked(Priority::ALL.iter().map(|one| one.as_str())))
        .field("channel", Kind::choice(Channel::ALL.iter().map(|one| one.as_str())))
        .field("tier", Kind::Word)
        .field("queue", Kind::Word)
        .field("assignee", Kind::name("agents"))
        .field("customer", Kind::name("customers"))
        .field("organization", Kind::name("organizations"))
        .field("follow_up_of", Kind::name("tickets"))
        .field("merged_into", Kind::name("tickets"))
        .field("split_from", Kind::name("tickets"))
        .field("external_id", Kind::Word)
        .field("language", Kind::Word)
        .field("followers", Kind::Words)
        .field("automated", Kind::Bool)
        .field("message_count", Kind::Integer)
        .field("solve_count", Kind::Integer)
        .field("opened_at", Kind::Time)
        .field("created_at", Kind::Time)
        .field("updated_at", Kind::Time)
        .field("due_at", Kind::Time)
        .field("first_replied_at", Kind::Time)
        .field("solved_at", Kind::Time)
        .field("queue_entered_at", Kind::Time)
        .searchable("intent", Kind::Word)
        .searchable("tags", Kind::Words)
        .map(OWN, own)
}

fn own_kind(definition: &Definition) -> Kind {
    let words = || definition.profile.choices.iter().map(|choice| choice.value.as_str());
    match definition.field_type {
        FieldType::Text => Kind::Sealed,
        FieldType::Code => Kind::Word,
        FieldType::Number => Kind::Number,
        FieldType::Bool => Kind::Bool,
        FieldType::Date => Kind::Date,
        FieldType::Time => Kind::Time,
        FieldType::Choice => Kind::choice(words()),
        FieldType::Choices => Kind::choices(words()),
    }
}

impl Record for Ticket {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        let name = |name: Option<String>| name.map(|name| Value::Text(Cow::Owned(name)));
        let list = |words: &'_ [String]| Value::List(words.iter().map(|word| Cow::Owned(word.clone())).collect());
        match field {
            "number" => Some(Value::Integer(self.number)),
            "state" => Some(Value::text(self.state.as_str())),
            "sub_state" => name(self.sub_state.as_deref().map(names::sub_state)),
            "disposition" => Some(Value::text(self.disposition.as_str())),
            "priority" => Some(Value::text(self.priority.as_str())),
            "channel" => Some(Value::text(self.channel.as_str())),
            "tier" => Some(Value::text(&self.tier)),
            "queue" => Some(Value::text(&self.queue)),
            "assignee" => self.assignee.as_deref().map(Value::text),
            "customer" => name(Some(names::customer(self.customer))),
            "organization" => name(self.organization.map(names::organization)),
            "follow_up_of" => name(self.follow_up_of.map(names::ticket)),
            "merged_into" => name(self.merged_into.map(names::ticket)),
            "split_from" => name(self.split_from.map(names::ticket)),
            "external_id" => self.external_id.as_deref().map(Value::text),
            "language" => Some(Value::text(&self.language)),
            "intent" => Some(Value::text(&self.intent)),
            "tags" => Some(list(&self.tags)),
            "followers" => Some(list(&self.followers)),
            "automated" => Some(Value::Bool(self.automated)),
            "message_count" => Some(Value::Integer(self.message_count.into())),
            "solve_count" => Some(Value::Integer(self.solve_count.into())),
            "opened_at" => Some(Value::Time(self.opened_at)),
            "created_at" => Some(Value::Time(self.created_at)),
            "updated_at" => Some(Value::Time(self.updated_at)),
            "due_at" => self.due_at.map(Value::Time),
            "first_replied_at" => self.first_replied_at.map(Value::Time),
            "solved_at" => self.solved_at.map(Value::Time),
            "queue_entered_at" => self.queue_entered_at.map(Value::Time),
            own => {
                let id = own.strip_prefix(OWN)?.strip_prefix('.')?;
                self.custom_fields.get(id).map(own_value)
            }
        }
    }
}

fn own_value(value: &CustomValue) -> Value<'_> {
    match value {
        CustomValue::Text(word) | CustomValue::Code(word) | CustomValue::Choice(word) => Value::text(word),
        CustomValue::Number(number) => Value::Number(Number::get(*number)),
        CustomValue::Flag(flag) => Value::Bool(*flag),
        CustomValue::Date(date) => Value::Date(*date),
        CustomValue::Time(time) => Value::Time(*time),
        CustomValue::Choices(words) => Value::list(words.iter().map(String::as_str)),
    }
}
