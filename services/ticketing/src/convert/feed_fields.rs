//! What of ticketing's events their feed and webhooks can be filtered by, beyond the heads. Only what is stored in the clear:
//! nothing that a customer wrote or is called.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use vorrang_api::ticketing::v1 as pb;
use vorrang_feed::Fields;
use vorrang_filter::{Kind, Record, Schema, Value};

use super::wire;

/// The fields of the ticket as it is after the event, and of the message that was added.
pub struct FeedFields;

/// Ticket states and so on, as the contract writes them without their prefix.
const STATES: [&str; 6] = ["NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED"];
const PRIORITIES: [&str; 4] = ["LOW", "NORMAL", "HIGH", "URGENT"];
const CHANNELS: [&str; 8] = ["EMAIL", "CHAT", "PHONE", "SOCIAL", "SMS", "MESSAGING", "WEB", "API"];
const VISIBILITIES: [&str; 2] = ["PUBLIC", "INTERNAL"];

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
            }
        }
        Some(Box::new(parts))
    }
}

/// By the number of a payload in `Event`: the numbers of `ticket` and `message` in it. From the contract itself, so that a kind of
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
            };
            Some((u64::from(field.number()), places))
        })
        .collect()
});

struct Places {
    ticket: Option<u64>,
    message: Option<u64>,
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
}

impl Record for Parts {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        match field.split_once('.')? {
            ("ticket", field) => of_ticket(self.ticket.as_ref()?, field),
            ("message", field) => of_message(self.message.as_ref()?, field),
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
mod tests {
    use vorrang_api::ticketing::v1::event::Payload;
    use vorrang_filter::Filter;

    use super::*;

    #[test]
    fn the_words_are_those_of_the_contract() {
        let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("a descriptor set");
        for (name, prefix, words) in [
            ("Ticket.State", "STATE_", &STATES[..]),
            ("Priority", "PRIORITY_", &PRIORITIES[..]),
            ("Channel", "CHANNEL_", &CHANNELS[..]),
            ("Message.Visibility", "VISIBILITY_", &VISIBILITIES[..]),
        ] {
            let full = format!("vorrang.ticketing.v1.{name}");
            let values = pool.get_enum_by_name(&full).expect("it is there");
            let theirs: Vec<String> = values
                .values()
                .skip(1)
                .map(|value| value.name().trim_start_matches(prefix).to_owned())
                .collect();
            assert_eq!(theirs, words, "{full}");
        }
    }

    #[test]
    fn tickets_and_messages_are_asked() {
        let ticket = Some(pb::Ticket {
            number: 42,
            state: pb::ticket::State::Open.into(),
            priority: pb::Priority::High.into(),
            tags: vec!["refund".into()],
            queue: "tier-2".into(),
            subject: "secret".into(),
            ..pb::Ticket::default()
        });
        let message = Some(pb::Message {
            visibility: pb::message::Visibility::Internal.into(),
            ..pb::Message::default()
        });
        let event = pb::Event {
            head: None,
            cause: None,
            payload: Some(Payload::MessageCreated(pb::MessageCreated { ticket, message })),
        };
        let record = FeedFields.read(&event.encode_to_vec()).expect("it has a ticket");
        let schema = FeedFields.schema(Schema::new());
        for (text, fits) in [
            ("ticket.number = 42 ticket.state = OPEN", true),
            ("ticket.priority >= HIGH", true),
            ("ticket.priority = URGENT", false),
            ("ticket.tags:refund AND ticket.queue = tier-2", true),
            ("message.visibility = PUBLIC", false),
            ("ticket.assignee = \"\"", true),
        ] {
            let filter = Filter::parse(text, &schema).expect(text);
            assert_eq!(filter.matches(&*record), fits, "{text}");
        }
        for field in schema.fields().map(|(name, _)| name) {
            let known = record.get(field).is_some();
            assert!(known, "{field} is in the schema and cannot be read");
        }
        assert!(
            Filter::parse("ticket.subject = secret", &schema).is_err(),
            "customers' words are not for filters"
        );
        assert!(FeedFields.read(b"\xff").is_none());
        let other = pb::Event {
            head: None,
            cause: None,
            payload: Some(Payload::CustomerCreated(pb::CustomerCreated::default())),
        };
        let record = FeedFields.read(&other.encode_to_vec()).expect("a payload");
        assert_eq!(record.get("ticket.number"), None, "a customer is no ticket");
    }
}
