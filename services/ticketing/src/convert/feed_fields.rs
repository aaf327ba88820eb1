//! What of ticketing's events their feed and webhooks can be filtered by, beyond the heads. Only what is stored in the clear:
//! nothing that a customer wrote or is called.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::sla_target::Status;
use vorrang_feed::Fields;
use vorrang_filter::{Kind, Record, Schema, Value};

use super::wire;

/// The fields of the ticket as it is after the event, of the message that was added, and of the SLA target that is told of.
pub struct FeedFields;

/// The tenant's own fields: their types are read from their values, since a filter outlives definitions.
const OWN_FIELDS: &str = "ticket.custom_fields";

/// Ticket states and so on, as the contract writes them without their prefix.
const STATES: [&str; 6] = ["NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED"];
const PRIORITIES: [&str; 4] = ["LOW", "NORMAL", "HIGH", "URGENT"];
const CHANNELS: [&str; 8] = ["EMAIL", "CHAT", "PHONE", "SOCIAL", "SMS", "MESSAGING", "WEB", "API"];
const VISIBILITIES: [&str; 2] = ["PUBLIC", "INTERNAL"];
const DISPOSITIONS: [&str; 3] = ["NORMAL", "SPAM", "DELETED"];
const HANDLINGS: [&str; 3] = ["BY_CHANNEL", "ASYNCHRONOUS", "EXTERNAL"];
const METRICS: [&str; 3] = ["FIRST_RESPONSE", "NEXT_RESPONSE", "RESOLUTION"];
const STATUSES: [&str; 5] = ["RUNNING", "PAUSED", "MET", "MISSED", "CANCELLED"];

impl Fields for FeedFields {
    fn schema(&self, head: Schema) -> Schema {
        head.field("ticket.number", Kind::Integer)
            .field("ticket.state", Kind::choice(STATES))
            .field("ticket.priority", Kind::ranked(PRIORITIES))
            .field("ticket.channel", Kind::choice(CHANNELS))
            .field("ticket.tier", Kind::Word)
            .field("ticket.queue", Kind::Word)
            .field("ticket.assignee", Kind::Word)
            .field("ticket.customer", Kind::Word)
            .field("ticket.tags", Kind::Words)
            .field("ticket.intent", Kind::Word)
            .field("ticket.language", Kind::Word)
            .field("ticket.automated", Kind::Bool)
            .field("ticket.sub_state", Kind::name("subStates"))
            .field("ticket.disposition", Kind::choice(DISPOSITIONS))
            .field("ticket.handling", Kind::choice(HANDLINGS))
            .field("ticket.organization", Kind::name("organizations"))
            .field("ticket.external_id", Kind::Word)
            .field("ticket.follow_up_of", Kind::name("tickets"))
            .field("ticket.merged_into", Kind::name("tickets"))
            .field("ticket.split_from", Kind::name("tickets"))
            .field("ticket.followers", Kind::Words)
            .field("ticket.message_count", Kind::Integer)
            .field("ticket.solve_count", Kind::Integer)
            .field("ticket.opened_at", Kind::Time)
            .field("ticket.created_at", Kind::Time)
            .field("ticket.updated_at", Kind::Time)
            .field("ticket.due_at", Kind::Time)
            .field("ticket.queue_entered_at", Kind::Time)
            .field("ticket.first_replied_at", Kind::Time)
            .field("ticket.solved_at", Kind::Time)
            .field("ticket.sla_policy", Kind::name("slaPolicies"))
            .field("ticket.schedule", Kind::name("schedules"))
            .field("ticket.sla_due_at", Kind::Time)
            .field("ticket.sla_at_risk", Kind::Bool)
            .open_map(OWN_FIELDS, Kind::Any)
            .field("target.metric", Kind::choice(METRICS))
            .field("target.status", Kind::choice(STATUSES))
            .field("message.visibility", Kind::choice(VISIBILITIES))
            .field("message.channel", Kind::choice(CHANNELS))
            .field("message.automated", Kind::Bool)
    }

    fn read(&self, payload: &[u8]) -> Option<Box<dyn Record>> {
        let (places, content) = wire::fields(payload)?
            .into_iter()
            .find_map(|field| Some((PLACES.get(&field.number())?, field.content)))?;
        let mut parts = Parts::default();
        for field in wire::fields(content)? {
            if Some(field.number()) == places.ticket {
                parts.ticket = Some(pb::Ticket::decode(field.content).ok()?);
            } else if Some(field.number()) == places.message {
                parts.message = Some(pb::Message::decode(field.content).ok()?);
            } else if Some(field.number()) == places.target {
                parts.target = Some(pb::SlaTarget::decode(field.content).ok()?);
            }
        }
        Some(Box::new(parts))
    }
}

/// By the number of a payload in `Event`: the numbers of `ticket`, `message` and the SLA's `target` in it. From the contract itself, so that a kind of
/// event that is added can be filtered at once.
static PLACES: LazyLock<HashMap<u64, Places>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("the build made it from our contracts");
    let event = pool
        .get_message_by_name("vorrang.ticketing.v1.Event")
        .expect("it is in the contract");
    event
        .fields()
        .filter(|field| field.containing_oneof().is_some())
        .filter_map(|field| {
            let kind = field.kind();
            let payload = kind.as_message()?;
            let places = Places {
                ticket: place_of(payload, "ticket", "Ticket"),
                message: place_of(payload, "message", "Message"),
                target: place_of(payload, "target", "SlaTarget"),
            };
            Some((u64::from(field.number()), places))
        })
        .collect()
});

struct Places {
    ticket: Option<u64>,
    message: Option<u64>,
    target: Option<u64>,
}

fn place_of(payload: &MessageDescriptor, name: &str, of: &str) -> Option<u64> {
    let field = payload.get_field_by_name(name)?;
    let right = field.kind().as_message()?.full_name() == format!("vorrang.ticketing.v1.{of}");
    (right && !field.is_list()).then(|| u64::from(field.number()))
}

#[derive(Default)]
struct Parts {
    ticket: Option<pb::Ticket>,
    message: Option<pb::Message>,
    target: Option<pb::SlaTarget>,
}

impl Record for Parts {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        match field.split_once('.')? {
            ("ticket", field) => of_ticket(self.ticket.as_ref()?, field),
            ("message", field) => of_message(self.message.as_ref()?, field),
            ("target", field) => of_target(self.target.as_ref()?, field),
            _ => None,
        }
    }
}

fn of_ticket<'a>(ticket: &'a pb::Ticket, field: &str) -> Option<Value<'a>> {
    Some(match field {
        "number" => Value::Integer(ticket.number),
        "state" => word(ticket.state().as_str_name(), "STATE_"),
        "priority" => word(ticket.priority().as_str_name(), "PRIORITY_"),
        "channel" => word(ticket.channel().as_str_name(), "CHANNEL_"),
        "tier" => Value::text(&ticket.tier),
        "queue" => Value::text(&ticket.queue),
        "assignee" => Value::text(&ticket.assignee),
        "customer" => Value::text(&ticket.customer),
        "tags" => Value::list(ticket.tags.iter().map(String::as_str)),
        "intent" => Value::text(&ticket.intent),
        "language" => Value::text(&ticket.language),
        "automated" => Value::Bool(ticket.automated),
        "sub_state" => Value::text(&ticket.sub_state),
        "disposition" => word(ticket.disposition().as_str_name(), "DISPOSITION_"),
        "handling" => word(ticket.handling().as_str_name(), "HANDLING_"),
        "organization" => Value::text(&ticket.organization),
        "external_id" => Value::text(&ticket.external_id),
        "follow_up_of" => Value::text(&ticket.follow_up_of),
        "merged_into" => Value::text(&ticket.merged_into),
        "split_from" => Value::text(&ticket.split_from),
        "followers" => Value::list(ticket.followers.iter().map(String::as_str)),
        "message_count" => Value::Integer(ticket.message_count.into()),
        "solve_count" => Value::Integer(ticket.solve_count.into()),
        "opened_at" => time(ticket.opened_at.as_ref())?,
        "created_at" => time(ticket.created_at.as_ref())?,
        "updated_at" => time(ticket.updated_at.as_ref())?,
        "due_at" => time(ticket.due_at.as_ref())?,
        "queue_entered_at" => time(ticket.queue_entered_at.as_ref())?,
        "first_replied_at" => time(ticket.first_replied_at.as_ref())?,
        "solved_at" => time(ticket.solved_at.as_ref())?,
        "sla_policy" => Value::text(&ticket.sla_policy),
        "schedule" => Value::text(&ticket.schedule),
        "sla_due_at" => Value::Time(
            waited_for(ticket)
                .filter_map(|target| from_timestamp(target.due_at.as_ref()?))
                .min()?,
        ),
        "sla_at_risk" => {
            Value::Bool(waited_for(ticket).any(|target| target.at_risk || target.status() == Status::Missed))
        }
        own => own_value(ticket.custom_fields.get(own.strip_prefix("custom_fields.")?)?)?,
    })
}

/// The promises whose clock runs or has run out, and for which somebody still waits.
fn waited_for(ticket: &pb::Ticket) -> impl Iterator<Item = &pb::SlaTarget> {
    let is_waited_for = |target: &&pb::SlaTarget| {
        matches!(target.status(), Status::Running | Status::Missed) && target.ended_at.is_none()
    };
    ticket.sla_targets.iter().filter(is_waited_for)
}

/// Free text is not in the clear, so it is not here either.
fn own_value(value: &pb::CustomFieldValue) -> Option<Value<'_>> {
    use pb::custom_field_value::Value as Own;
    Some(match value.value.as_ref()? {
        Own::Text(_) => return None,
        Own::Code(word) | Own::Choice(word) | Own::Date(word) => Value::text(word),
        Own::Number(number) => Value::Number(*number),
        Own::Flag(flag) => Value::Bool(*flag),
        Own::Time(at) => time(Some(at))?,
        Own::Choices(choices) => Value::list(choices.values.iter().map(String::as_str)),
    })
}

fn time(at: Option<&prost_types::Timestamp>) -> Option<Value<'static>> {
    from_timestamp(at?).map(Value::Time)
}

fn of_target<'a>(target: &pb::SlaTarget, field: &str) -> Option<Value<'a>> {
    Some(match field {
        "metric" => word(target.metric().as_str_name(), "SLA_METRIC_"),
        "status" => word(target.status().as_str_name(), "STATUS_"),
        _ => return None,
    })
}

fn of_message<'a>(message: &'a pb::Message, field: &str) -> Option<Value<'a>> {
    Some(match field {
        "visibility" => word(message.visibility().as_str_name(), "VISIBILITY_"),
        "channel" => word(message.channel().as_str_name(), "CHANNEL_"),
        "automated" => Value::Bool(message.automated),
        _ => return None,
    })
}

fn word(name: &'static str, prefix: &str) -> Value<'static> {
    Value::text(name.strip_prefix(prefix).unwrap_or(name))
}

#[cfg(test)]
mod tests;
