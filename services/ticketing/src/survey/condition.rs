//! Which tickets a survey is about, in the filter language.

use std::sync::LazyLock;

use vorrang_filter::{Filter, Kind, Record, Schema, Value};

use crate::names;
use crate::state::State;
use crate::ticket::Ticket;
use crate::words::{Channel, Priority};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let channels = [
        Channel::Email,
        Channel::Chat,
        Channel::Phone,
        Channel::Social,
        Channel::Sms,
        Channel::Messaging,
        Channel::Web,
        Channel::Api,
    ];
    let priorities = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];
    Schema::new()
        .searchable("subject", Kind::Text)
        .field("state", Kind::choice(State::ALL.map(State::as_str)))
        .field("channel", Kind::choice(channels.map(Channel::as_str)))
        .field("priority", Kind::ranked(priorities.map(Priority::as_str)))
        .field("tier", Kind::Word)
        .field("queue", Kind::Word)
        .field("assignee", Kind::Word)
        .field("customer", Kind::Word)
        .field("tags", Kind::Words)
        .field("intent", Kind::Word)
        .field("language", Kind::Word)
        .field("solve_count", Kind::Integer)
        .field("message_count", Kind::Integer)
        .field("opened_at", Kind::Time)
        .field("first_replied_at", Kind::Time)
});

/// Reads a condition. Empty fits everything.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Filter, vorrang_filter::FilterError> {
    Filter::parse(text, &SCHEMA)
}

/// A ticket as conditions see it.
pub struct Seen<'a>(pub &'a Ticket);

impl Record for Seen<'_> {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        let ticket = self.0;
        Some(match field {
            "subject" => Value::text(&ticket.subject),
            "state" => Value::text(ticket.state.as_str()),
            "channel" => Value::text(ticket.channel.as_str()),
            "priority" => Value::text(ticket.priority.as_str()),
            "tier" => Value::text(&ticket.tier),
            "queue" => Value::text(&ticket.queue),
            "assignee" => Value::text(ticket.assignee.as_deref()?),
            "customer" => Value::Text(names::customer(ticket.customer).into()),
            "tags" => Value::list(ticket.tags.iter().map(String::as_str)),
            "intent" => Value::text(&ticket.intent),
            "language" => Value::text(&ticket.language),
            "solve_count" => Value::Integer(ticket.solve_count.into()),
            "message_count" => Value::Integer(ticket.message_count.into()),
            "opened_at" => Value::Time(ticket.opened_at),
            "first_replied_at" => Value::Time(ticket.first_replied_at?),
            _ => return None,
        })
    }
}
