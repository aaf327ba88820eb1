use super::*;

fn fields_of(violations: Violations) -> Vec<String> {
    match violations.into_result() {
        Ok(()) => Vec::new(),
        Err(error) => error
            .violations()
            .iter()
            .map(|violation| violation.field.clone())
            .collect(),
    }
}

fn inbound() -> pb::InboundContact {
    pb::InboundContact {
        source: "email".to_owned(),
        external_id: "<1@example.org>".to_owned(),
        content_hash: vec![7; 32].into(),
        channel: pb::Channel::Email.into(),
        identities: vec![pb::Identity {
            kind: pb::identity::Kind::Email.into(),
            value: "mara@example.org".to_owned(),
            verified: true,
        }],
        message: Some(pb::Message {
            text: "Hello".to_owned(),
            ..pb::Message::default()
        }),
        ..pb::InboundContact::default()
    }
}

#[test]
fn everything_wrong_with_a_ticket_is_said_at_once() {
    let ticket = pb::Ticket {
        subject: "x".repeat(501),
        priority: 99,
        queue: "No Queue".to_owned(),
        tags: vec!["fine".to_owned(), " ".to_owned()],
        language: "de_DE".to_owned(),
        due_at: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        ..pb::Ticket::default()
    };
    let mut violations = Violations::new();
    ticket_fields("ticket", &ticket, &mut violations);
    assert_eq!(
        fields_of(violations),
        [
            "ticket.subject",
            "ticket.priority",
            "ticket.queue",
            "ticket.tags[1]",
            "ticket.language",
            "ticket.due_at"
        ]
    );
}

#[test]
fn defaults_are_as_the_contract_says() {
    let mut violations = Violations::new();
    let fields = ticket_fields("ticket", &pb::Ticket::default(), &mut violations);
    assert_eq!((fields.priority, fields.queue.as_str()), (Priority::Normal, "default"));
    assert_eq!(fields_of(violations), Vec::<String>::new());
}

#[test]
fn tags_are_sorted_and_each_once() {
    let ticket = pb::Ticket {
        tags: vec!["b".into(), " a ".into(), "b".into()],
        ..pb::Ticket::default()
    };
    let fields = ticket_fields("ticket", &ticket, &mut Violations::new());
    assert_eq!(fields.tags, ["a", "b"]);
}

#[test]
fn a_mask_must_name_fields_that_can_change() {
    let mask = |paths: &[&str]| prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    let mut violations = Violations::new();
    assert_eq!(
        ticket_mask(Some(&mask(&["subject", "due_at"])), &mut violations),
        [ticket::Field::Subject, ticket::Field::DueAt]
    );
    assert!(violations.is_empty());
    ticket_mask(Some(&mask(&["state"])), &mut violations);
    ticket_mask(None, &mut violations);
    assert_eq!(fields_of(violations), ["update_mask", "update_mask"]);
}

#[test]
fn a_message_needs_an_author_who_may_write_here() {
    let by = |kind: i32, id: &str| pb::Message {
        actor: Some(vorrang_api::feed::v1::Actor {
            kind,
            id: id.to_owned(),
        }),
        ..pb::Message::default()
    };
    let wrong = |message: &pb::Message| {
        let mut violations = Violations::new();
        super::message("message", message, false, "key", &mut violations);
        fields_of(violations)
    };
    assert_eq!(wrong(&pb::Message::default()), ["message.actor.kind"]);
    assert_eq!(wrong(&by(1, "")), ["message.actor.kind"], "customers come by ingestion");
    assert_eq!(wrong(&by(2, "anna")), ["message.actor.id"]);
    assert_eq!(wrong(&by(2, "agents/anna")), Vec::<String>::new());
    let mut violations = Violations::new();
    let draft = super::message("message", &by(3, ""), false, "key", &mut violations);
    assert_eq!(draft.actor.id, "key", "a machine without a name is the credential");
}

#[test]
fn what_a_customer_wrote_is_cut_and_not_refused() {
    let mut given = inbound();
    given.subject = "ä".repeat(600);
    given.message = Some(pb::Message {
        text: "a\0b".to_owned(),
        ..pb::Message::default()
    });
    given.tags = vec!["x".repeat(200), String::new()];
    let contact = contact(given).expect("taken");
    assert_eq!(contact.fields.subject.chars().count(), 500);
    assert_eq!(contact.message.text, "a\u{fffd}b");
    assert_eq!(contact.fields.tags, ["x".repeat(100)]);
}

#[test]
fn a_key_that_is_too_long_becomes_its_hash_and_keeps_its_scope() {
    let mut given = inbound();
    given.external_id = "y".repeat(5_000);
    given.reference_keys = vec![format!("subject:{}", "z".repeat(2_000)), "mail:<2>".to_owned()];
    let contact = contact(given).expect("taken");
    assert!(contact.key.external_id.len() < 300);
    assert!(
        contact.reference_keys[0].starts_with("subject:sha256:"),
        "{}",
        contact.reference_keys[0]
    );
    assert_eq!(contact.reference_keys[1], "mail:<2>");
}

#[test]
fn one_valid_identity_is_enough() {
    let mut given = inbound();
    given.identities.push(pb::Identity {
        kind: pb::identity::Kind::Phone.into(),
        value: "12".to_owned(),
        verified: false,
    });
    assert_eq!(contact(given.clone()).expect("taken").identities.len(), 1);
    given.identities.remove(0);
    let error = contact(given).expect_err("nobody");
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["identities", "identities[0].value"]);
}

#[test]
fn everything_wrong_with_a_contact_is_said_at_once() {
    let error = contact(pb::InboundContact::default()).expect_err("empty");
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["content_hash", "source", "channel", "identities", "message"]);
}

#[test]
fn a_repeat_with_another_trace_is_the_same_contact() {
    let one = contact(pb::InboundContact {
        request_id: "a".into(),
        trace_parent: "b".into(),
        ..inbound()
    });
    let two = contact(pb::InboundContact {
        request_id: "c".into(),
        trace_parent: "d".into(),
        ..inbound()
    });
    assert_eq!(one.expect("taken").request_hash, two.expect("taken").request_hash);
}
