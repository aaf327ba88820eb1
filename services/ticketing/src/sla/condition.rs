//! A policy's condition: what a ticket must be when it is opened, in the one language for conditions.

use std::sync::LazyLock;

use vorrang_error::Error;
use vorrang_filter::{Filter, FilterError, Kind, Record, Schema, Value};

use crate::names;
use crate::ticket::Ticket;
use crate::words::{Channel, Priority};

/// What a condition may ask for.
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
        .field("tier", Kind::Word)
        .field("channel", Kind::choice(channels.map(Channel::as_str)))
        .field("priority", Kind::ranked(priorities.map(Priority::as_str)))
        .field("queue", Kind::Word)
        .field("intent", Kind::Word)
        .field("language", Kind::Word)
        .field("tags", Kind::Words)
        .field("automated", Kind::Bool)
        .field("customer", Kind::Word)
        .field("organization", Kind::Word)
});

/// A condition that was understood. Equal when it says the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Condition {
    text: String,
    filter: Filter,
}

impl Eq for Condition {}

impl Condition {
    /// Reads a condition; nothing is no condition.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self {
            filter: Filter::parse(text, &SCHEMA)?,
            text: text.trim().to_owned(),
        })
    }

    /// Reads what was stored.
    pub fn stored(text: &str) -> Result<Self, Error> {
        Self::parse(text)
            .map_err(|cause| Error::internal("a stored condition cannot be read").caused_by(cause.to_string()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `ticket` is so.
    pub fn fits(&self, ticket: &Ticket) -> bool {
        self.filter.matches(&Opened(ticket))
    }
}

struct Opened<'a>(&'a Ticket);

impl Record for Opened<'_> {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        let ticket = self.0;
        Some(match field {
            "tier" => Value::text(&ticket.tier),
            "channel" => Value::text(ticket.channel.as_str()),
            "priority" => Value::text(ticket.priority.as_str()),
            "queue" => Value::text(&ticket.queue),
            "intent" => Value::text(&ticket.intent),
            "language" => Value::text(&ticket.language),
            "tags" => Value::list(ticket.tags.iter().map(String::as_str)),
            "automated" => Value::Bool(ticket.automated),
            "customer" => Value::Text(names::customer(ticket.customer).into()),
            "organization" => Value::Text(names::organization(ticket.organization?).into()),
            _ => return None,
        })
    }
}
