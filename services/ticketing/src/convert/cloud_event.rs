//! An event as a CloudEvent 1.0 in structured JSON, for webhooks.

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use vorrang_database::event_log::StoredEvent;
use vorrang_error::Error;

/// What the body is.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// The attributes of a CloudEvent, ours in the order in which people read them, then the data.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: Uuid,
    source: String,
    r#type: String,
    subject: &'a str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    recordedtime: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    traceparent: &'a str,
    datacontenttype: &'static str,
    data: Value,
}

static EVENT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET)
        .expect("the build made it from our contracts")
        .get_message_by_name("vorrang.ticketing.v1.Event")
        .expect("it is in the contract")
});

/// The body that is sent for an event, whose payload is open.
///
/// # Errors
/// Internal when the payload is not an event.
pub fn cloud_event(event: &StoredEvent) -> Result<Vec<u8>, Error> {
    let encoded = vorrang_feed::encoded(event);
    let message = DynamicMessage::decode(EVENT.clone(), encoded)
        .map_err(|cause| Error::internal(format!("event {} cannot be decoded", event.id)).caused_by(cause))?;
    let data = message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::default())
        .map_err(|cause| Error::internal(format!("event {} cannot be written as JSON", event.id)).caused_by(cause))?;
    encode(&CloudEvent {
        specversion: "1.0",
        id: event.id,
        source: source(&event.tenant),
        r#type: type_of(&event.kind),
        subject: &event.subject,
        time: time(event.occurred_at),
        sequence: Some(sequence(event.seq)),
        recordedtime: time(event.recorded_at),
        traceparent: &event.trace_parent,
        datacontenttype: "application/json",
        data,
    })
}

/// The body of a test, about the webhook itself.
///
/// # Errors
/// Never, in fact.
pub fn test_event(tenant: &str, id: Uuid, webhook: &str, now: DateTime<Utc>) -> Result<Vec<u8>, Error> {
    encode(&CloudEvent {
        specversion: "1.0",
        id,
        source: source(tenant),
        r#type: type_of("webhook_test"),
        subject: webhook,
        time: time(now),
        sequence: None,
        recordedtime: time(now),
        traceparent: "",
        datacontenttype: "application/json",
        data: serde_json::json!({ "webhook": webhook }),
    })
}

fn encode(event: &CloudEvent<'_>) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(event).map_err(|cause| Error::internal("a CloudEvent cannot be written").caused_by(cause))
}

/// As the extension wants it: the order of texts is the order of events.
fn sequence(seq: i64) -> String {
    format!("{seq:019}")
}

fn source(tenant: &str) -> String {
    format!("/vorrang/ticketing/{tenant}")
}

fn type_of(kind: &str) -> String {
    format!("dev.vorrang.ticketing.{kind}.v1")
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use vorrang_api::ticketing::v1 as pb;

    use super::*;

    #[test]
    fn an_event_is_a_cloud_event_with_the_event_of_the_feed_as_data() {
        let payload = pb::event::Payload::TicketStateChanged(pb::TicketStateChanged {
            ticket: Some(pb::Ticket {
                name: "tickets/1".into(),
                number: 42,
                subject: "Where is “it”?".into(),
                state: pb::ticket::State::Solved.into(),
                ..pb::Ticket::default()
            }),
            previous_state: pb::ticket::State::Open.into(),
        });
        let event = StoredEvent {
            tenant: "acme".into(),
            seq: 7,
            recorded_at: DateTime::from_timestamp(1_700_000_001, 500_000).expect("valid"),
            id: Uuid::from_u128(9),
            kind: "ticket_state_changed".into(),
            subject: "tickets/1".into(),
            occurred_at: DateTime::from_timestamp(1_700_000_000, 0).expect("valid"),
            actor_kind: "AGENT".into(),
            actor_id: "agents/anna".into(),
            trace_parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
            payload: pb::Event {
                cause: None,
                head: None,
                payload: Some(payload),
            }
            .encode_to_vec(),
        };
        let body: Value = serde_json::from_slice(&cloud_event(&event).expect("an event")).expect("JSON");
        let expected = serde_json::json!({
            "specversion": "1.0",
            "id": "00000000-0000-0000-0000-000000000009",
            "source": "/vorrang/ticketing/acme",
            "type": "dev.vorrang.ticketing.ticket_state_changed.v1",
            "subject": "tickets/1",
            "time": "2023-11-14T22:13:20.000000Z",
            "sequence": "0000000000000000007",
            "recordedtime": "2023-11-14T22:13:21.000500Z",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "datacontenttype": "application/json",
            "data": {
                "head": {
                    "id": "00000000-0000-0000-0000-000000000009",
                    "seq": "7",
                    "tenant": "acme",
                    "type": "ticket_state_changed",
                    "subject": "tickets/1",
                    "occurredAt": "2023-11-14T22:13:20Z",
                    "recordedAt": "2023-11-14T22:13:21.000500Z",
                    "actor": {"kind": "KIND_AGENT", "id": "agents/anna"},
                    "traceParent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                },
                "ticketStateChanged": {
                    "ticket": {"name": "tickets/1", "number": "42", "subject": "Where is “it”?", "state": "STATE_SOLVED"},
                    "previousState": "STATE_OPEN",
                },
            },
        });
        assert_eq!(body, expected);
        // What is empty is left out, and attribute names are those that CloudEvents allows.
        let plain = StoredEvent {
            trace_parent: String::new(),
            ..event
        };
        let body: Value = serde_json::from_slice(&cloud_event(&plain).expect("an event")).expect("JSON");
        assert!(body.get("traceparent").is_none());
        let lower = |name: &String| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(body.as_object().expect("an object").keys().all(lower));
        assert!(
            cloud_event(&StoredEvent {
                payload: vec![0xff],
                ..plain
            })
            .is_err()
        );
    }

    #[test]
    fn a_test_is_a_cloud_event_too() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
        let body = test_event("acme", Uuid::from_u128(1), "webhooks/2", now).expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["type"], "dev.vorrang.ticketing.webhook_test.v1");
        assert_eq!(
            (body["subject"].as_str(), body.get("sequence")),
            (Some("webhooks/2"), None)
        );
    }
}
