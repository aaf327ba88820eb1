//! What can be asked of events, and what is kept from it.

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
        ("Ticket.Disposition", "DISPOSITION_", &DISPOSITIONS[..]),
        ("SlaMetric", "SLA_METRIC_", &METRICS[..]),
        ("SlaTarget.Status", "STATUS_", &STATUSES[..]),
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

/// A field that is added to tickets is asked for here, or somebody has decided that it is not.
#[test]
fn every_field_of_a_ticket_is_decided_on() {
    let not_asked = [
        "name",       // `subject` of the head
        "subject",    // customers' words
        "generation", // routing's fencing
        "etag",
        "links",
        "sla_targets",   // by `sla_due_at`, `sla_at_risk`, and `target` of their events
        "custom_fields", // key by key
        "erased",        // said where an event is sent, never stored with it
    ];
    let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let ticket = pool
        .get_message_by_name("vorrang.ticketing.v1.Ticket")
        .expect("it is there");
    let schema = FeedFields.schema(Schema::new());
    for field in ticket.fields() {
        let asked = schema.kind(&format!("ticket.{}", field.name())).is_some();
        assert_ne!(asked, not_asked.contains(&field.name()), "{}", field.name());
    }
}

/// A ticket, a message and a target with everything set.
fn full() -> [Payload; 2] {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let own = |value| pb::CustomFieldValue { value: Some(value) };
    use pb::custom_field_value::{Choices, Value as Own};
    let target = pb::SlaTarget {
        metric: pb::SlaMetric::NextResponse.into(),
        status: Status::Running.into(),
        due_at: at(90),
        at_risk: true,
        ..pb::SlaTarget::default()
    };
    let ticket = pb::Ticket {
        opened_at: at(10),
        created_at: at(10),
        updated_at: at(20),
        due_at: at(200),
        queue_entered_at: at(10),
        first_replied_at: at(15),
        solved_at: at(20),
        sub_state: "subStates/waits-for-parts".into(),
        disposition: pb::ticket::Disposition::Spam.into(),
        organization: "organizations/o".into(),
        external_id: "zendesk:35436".into(),
        merged_into: "tickets/t".into(),
        followers: vec!["agents/anna".into()],
        message_count: 3,
        sla_policy: "slaPolicies/p".into(),
        sla_targets: vec![
            pb::SlaTarget {
                ended_at: at(5),
                due_at: at(4),
                ..target
            },
            target,
        ],
        custom_fields: [
            ("order", own(Own::Code("A-17".into()))),
            ("note", own(Own::Text("secret".into()))),
            ("weight", own(Own::Number(2.5))),
            ("paid", own(Own::Flag(true))),
            ("bought", own(Own::Date("2026-03-29".into()))),
            ("seen", own(Own::Time(at(50).expect("a time")))),
            ("kind", own(Own::Choice("tea".into()))),
            (
                "parts",
                own(Own::Choices(Choices {
                    values: vec!["lid".into(), "pot".into()],
                })),
            ),
        ]
        .map(|(id, value)| (id.to_owned(), value))
        .into(),
        ..pb::Ticket::default()
    };
    let message = Some(pb::Message::default());
    [
        Payload::MessageCreated(pb::MessageCreated {
            ticket: Some(ticket.clone()),
            message,
        }),
        Payload::SlaTargetAtRisk(pb::SlaTargetAtRisk {
            ticket: Some(ticket),
            target: Some(target),
        }),
    ]
}

fn record(payload: Payload) -> Box<dyn Record> {
    let event = pb::Event {
        head: None,
        cause: None,
        payload: Some(payload),
    };
    FeedFields.read(&event.encode_to_vec()).expect("it has a ticket")
}

#[test]
fn everything_in_the_schema_can_be_read() {
    let records = full().map(record);
    let schema = FeedFields.schema(Schema::new());
    for field in schema.fields().map(|(name, _)| name) {
        let known = records.iter().any(|record| record.get(field).is_some());
        assert!(known, "{field} is in the schema and cannot be read");
    }
}

#[test]
fn sub_states_promises_and_own_fields_are_asked() {
    let [_, at_risk] = full();
    let record = record(at_risk);
    let schema = FeedFields.schema(Schema::new());
    for (text, fits) in [
        ("ticket.sub_state = subStates/waits-for-parts", true),
        ("ticket.disposition = NORMAL", false),
        ("ticket.organization = organizations/o ticket.merged_into:*", true),
        (r#"ticket.external_id = "zendesk:35436""#, true),
        ("ticket.split_from:*", false),
        ("ticket.followers:agents/anna", true),
        ("ticket.message_count > 2", true),
        ("ticket.opened_at < \"1970-01-01T00:00:11Z\"", true),
        // The earliest that is still waited for.
        ("ticket.sla_due_at = \"1970-01-01T00:01:30Z\"", true),
        ("ticket.sla_at_risk = true ticket.sla_policy = slaPolicies/p", true),
        ("target.metric = NEXT_RESPONSE target.status = RUNNING", true),
        ("target.metric = RESOLUTION", false),
        ("ticket.custom_fields.order = A-17", true),
        ("ticket.custom_fields.order = A-18", false),
        ("ticket.custom_fields.weight > 2", true),
        ("ticket.custom_fields.paid = false", false),
        ("ticket.custom_fields.bought = \"2026-03-29\"", true),
        ("ticket.custom_fields.seen < 1970-01-01T00:01:00Z", true),
        ("ticket.custom_fields.kind = tea", true),
        ("ticket.custom_fields.parts:pot", true),
        ("ticket.custom_fields.parts:po", false),
        ("ticket.custom_fields.missing:*", false),
        // Sealed: as if it were missing.
        ("ticket.custom_fields.note:*", false),
        ("ticket.custom_fields.note = secret", false),
    ] {
        let filter = Filter::parse(text, &schema).unwrap_or_else(|why| panic!("{text}: {why:?}"));
        assert_eq!(filter.matches(&*record), fits, "{text}");
    }
}
