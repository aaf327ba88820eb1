//! Which events a follower wants.

use std::cell::OnceCell;
use std::sync::Arc;

use vorrang_database::event_log::StoredEvent;
use vorrang_filter::{Filter, FilterError, Kind, Record, Schema, Value};

use crate::Owner;

/// What an owner's events can be filtered by beyond their heads.
pub trait Fields: Send + Sync + 'static {
    /// Adds the owner's fields to those of the head.
    fn schema(&self, head: Schema) -> Schema;

    /// Decodes a payload, to be asked for the owner's fields; none when it has none of them.
    fn read(&self, payload: &[u8]) -> Option<Box<dyn Record>>;
}

/// A filter over the events of one owner. A payload is decoded only when the answer depends on one of the owner's fields.
#[derive(Clone)]
pub struct EventFilter {
    filter: Filter,
    fields: Option<Arc<dyn Fields>>,
}

impl std::fmt::Debug for EventFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventFilter({})", self.filter)
    }
}

impl EventFilter {
    /// Reads a filter; nothing but white space is the one that everything fits.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn parse(owner: Owner, fields: Option<&Arc<dyn Fields>>, text: &str) -> Result<Self, FilterError> {
        let head = head(owner);
        let schema = match fields {
            Some(fields) => fields.schema(head),
            None => head,
        };
        Ok(Self {
            filter: Filter::parse(text, &schema)?,
            fields: fields.cloned(),
        })
    }

    /// Whether the event is wanted.
    pub fn fits(&self, event: &StoredEvent) -> bool {
        self.filter.matches(&Asked {
            event,
            fields: self.fields.as_deref(),
            payload: OnceCell::new(),
        })
    }
}

/// The fields that the events of every owner have.
fn head(owner: Owner) -> Schema {
    let mut types: Vec<&str> = owner.types().into_iter().collect();
    types.sort_unstable();
    Schema::new()
        .field("type", Kind::choice(types))
        .field("subject", Kind::Word)
        .field("seq", Kind::Integer)
        .field("occurred_at", Kind::Time)
        .field("recorded_at", Kind::Time)
        .field("actor.kind", Kind::choice(["CUSTOMER", "AGENT", "AUTOMATION"]))
        .field("actor.id", Kind::Word)
}

/// An event that is asked for its fields.
struct Asked<'a> {
    event: &'a StoredEvent,
    fields: Option<&'a dyn Fields>,
    payload: OnceCell<Option<Box<dyn Record>>>,
}

impl Record for Asked<'_> {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        let event = self.event;
        Some(match field {
            "type" => Value::text(&event.kind),
            "subject" => Value::text(&event.subject),
            "seq" => Value::Integer(event.seq),
            "occurred_at" => Value::Time(event.occurred_at),
            "recorded_at" => Value::Time(event.recorded_at),
            "actor.kind" => Value::text(&event.actor_kind),
            "actor.id" => Value::text(&event.actor_id),
            _ => {
                let payload = self
                    .payload
                    .get_or_init(|| self.fields.and_then(|fields| fields.read(&event.payload)));
                return payload.as_deref()?.get(field);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    /// Payloads are numbers, and count how often they are read.
    #[derive(Default)]
    struct Sizes(AtomicUsize);

    struct Size(i64);

    impl Record for Size {
        fn get(&self, field: &str) -> Option<Value<'_>> {
            (field == "size").then_some(Value::Integer(self.0))
        }
    }

    impl Fields for Sizes {
        fn schema(&self, head: Schema) -> Schema {
            head.field("size", Kind::Integer)
        }

        fn read(&self, payload: &[u8]) -> Option<Box<dyn Record>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            payload
                .first()
                .map(|size| Box::new(Size(i64::from(*size))) as Box<dyn Record>)
        }
    }

    fn event(kind: &str, payload: &[u8]) -> StoredEvent {
        StoredEvent {
            tenant: "acme".to_owned(),
            seq: 7,
            recorded_at: DateTime::from_timestamp(20, 0).expect("valid"),
            id: Uuid::nil(),
            kind: kind.to_owned(),
            subject: "tickets/1".to_owned(),
            occurred_at: DateTime::from_timestamp(10, 0).expect("valid"),
            actor_kind: "AGENT".to_owned(),
            actor_id: "agents/anna".to_owned(),
            trace_parent: String::new(),
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn heads_are_asked_without_payloads_and_payloads_once() {
        let sizes = Arc::new(Sizes::default());
        let fields: Arc<dyn Fields> = sizes.clone();
        let filter = |text: &str| EventFilter::parse(Owner::Ticketing, Some(&fields), text).expect(text);
        let created = event("ticket_created", &[3]);
        for (text, fits) in [
            ("", true),
            ("type = ticket_created", true),
            ("type = (ticket_updated OR ticket_queued)", false),
            ("subject = \"tickets/*\" AND actor.kind = AGENT", true),
            ("actor.id = \"agents/ben\"", false),
            (
                "seq > 6 occurred_at < 1970-01-01T00:00:15Z recorded_at >= 1970-01-01T00:00:20Z",
                true,
            ),
            ("type = ticket_updated AND size = 3", false),
            ("type = ticket_created OR size = 4", true),
        ] {
            assert_eq!(filter(text).fits(&created), fits, "{text}");
        }
        assert_eq!(sizes.0.load(Ordering::Relaxed), 0, "no payload was needed");
        assert!(filter("size > 2 AND size < 4").fits(&created));
        assert_eq!(sizes.0.load(Ordering::Relaxed), 1);
        assert!(
            !filter("size = 3").fits(&event("ticket_created", &[])),
            "what has no size does not fit"
        );
    }

    #[test]
    fn unknown_fields_and_types_are_errors() {
        for wrong in [
            "size = 3",
            "type = ticket_exploded",
            "actor.kind = ROBOT",
            "seq = first",
            "(",
            "hello",
        ] {
            assert!(EventFilter::parse(Owner::Ticketing, None, wrong).is_err(), "{wrong}");
        }
        assert!(EventFilter::parse(Owner::Routing, None, "type = offer_made").is_ok());
        assert!(EventFilter::parse(Owner::Routing, None, "type = ticket_created").is_err());
    }
}
