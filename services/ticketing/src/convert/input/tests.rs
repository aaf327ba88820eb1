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
    ticket_fields("ticket", &ticket, &Definitions::default(), &mut violations);
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
    let fields = ticket_fields(
        "ticket",
        &pb::Ticket::default(),
        &Definitions::default(),
        &mut violations,
    );
    assert_eq!((fields.priority, fields.queue.as_str()), (Priority::Normal, "default"));
    assert_eq!(fields_of(violations), Vec::<String>::new());
}

#[test]
fn tags_are_sorted_and_each_once() {
    let ticket = pb::Ticket {
        tags: vec!["b".into(), " a ".into(), "b".into()],
        ..pb::Ticket::default()
    };
    let fields = ticket_fields("ticket", &ticket, &Definitions::default(), &mut Violations::new());
    assert_eq!(fields.tags, ["a", "b"]);
}

#[test]
fn a_mask_must_name_fields_that_can_change() {
    let mask = |paths: &[&str]| prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    let mut violations = Violations::new();
    assert_eq!(
        ticket_mask(
            Some(&mask(&["subject", "due_at"])),
            &Definitions::default(),
            &mut violations
        )
        .fields,
        [ticket::Field::Subject, ticket::Field::DueAt]
    );
    assert!(violations.is_empty());
    ticket_mask(Some(&mask(&["state"])), &Definitions::default(), &mut violations);
    ticket_mask(None, &Definitions::default(), &mut violations);
    assert_eq!(fields_of(violations), ["update_mask", "update_mask"]);
}

#[test]
fn a_message_needs_an_author_who_may_write_here() {
    let by = |kind: i32, id: &str| pb::Message {
        actor: Some(vorrang_api::feed::v1::Actor {
            kind,
            id: id.to_owned(),
        }),
        text: "Hello".to_owned(),
        ..pb::Message::default()
    };
    let wrong = |message: &pb::Message| {
        let mut violations = Violations::new();
        super::message("message", message, false, "key", &mut violations);
        fields_of(violations)
    };
    assert_eq!(wrong(&pb::Message::default()), ["message.actor.kind", "message.text"]);
    assert_eq!(wrong(&by(1, "")), ["message.actor.kind"], "customers come by ingestion");
    assert_eq!(wrong(&by(2, "anna")), ["message.actor.id"]);
    assert_eq!(wrong(&by(2, "agents/anna")), Vec::<String>::new());
    let mut violations = Violations::new();
    let draft = super::message("message", &by(3, ""), false, "key", &mut violations);
    assert_eq!(draft.actor.id, "key", "a machine without a name is the credential");
}

fn wrong_with(message: &pb::Message) -> Vec<String> {
    let message = pb::Message {
        actor: Some(vorrang_api::feed::v1::Actor {
            kind: 2,
            id: "agents/anna".to_owned(),
        }),
        ..message.clone()
    };
    let mut violations = Violations::new();
    super::message("message", &message, true, "key", &mut violations);
    fields_of(violations)
}

#[test]
fn a_clients_message_says_something() {
    let file = pb::Attachment {
        file_name: "a.png".into(),
        ..pb::Attachment::default()
    };
    let message = |text: &str, quoted_text: &str, attachments: &[pb::Attachment]| pb::Message {
        text: text.into(),
        quoted_text: quoted_text.into(),
        attachments: attachments.to_vec(),
        ..pb::Message::default()
    };
    assert_eq!(wrong_with(&message(" \n", "", &[])), ["message.text"]);
    assert_eq!(wrong_with(&message("", "> what you wrote", &[])), ["message.text"]);
    assert_eq!(wrong_with(&message("", "", &[file])), Vec::<String>::new());
}

#[test]
fn a_client_is_told_what_cannot_be_kept() {
    let message = pb::Message {
        text: "a\0".into(),
        quoted_text: "\0".into(),
        attachments: vec![pb::Attachment {
            file_name: "\0".into(),
            content_type: "\0".into(),
            sha256: "\0".into(),
            size_bytes: 1,
            name: String::new(),
            content_id: "\0".into(),
        }],
        ..pb::Message::default()
    };
    assert_eq!(
        wrong_with(&message),
        [
            "message.text",
            "message.quoted_text",
            "message.attachments[0].file_name",
            "message.attachments[0].content_type",
            "message.attachments[0].sha256",
            "message.attachments[0].content_id"
        ]
    );
    let ticket = pb::Ticket {
        subject: "\0".into(),
        queue: "\0".into(),
        tags: vec!["a\0".into()],
        intent: "\0".into(),
        language: "\0".into(),
        ..pb::Ticket::default()
    };
    let mut violations = Violations::new();
    ticket_fields("ticket", &ticket, &Definitions::default(), &mut violations);
    let fields = fields_of(violations);
    assert_eq!(
        fields,
        [
            "ticket.subject",
            "ticket.queue",
            "ticket.tags[0]",
            "ticket.intent",
            "ticket.language"
        ]
    );
    let customer = pb::Customer {
        display_name: "\0".into(),
        identities: vec![pb::Identity {
            kind: 1,
            value: "a\0@example.org".into(),
            verified: true,
        }],
        tier: "\0".into(),
        language: "\0".into(),
        country: "D\0".into(),
        ..pb::Customer::default()
    };
    let mut violations = Violations::new();
    profile("customer", &customer, &mut violations);
    let mut fields = fields_of(violations);
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "customer.country",
            "customer.display_name",
            "customer.identities[0].value",
            "customer.language",
            "customer.tier"
        ]
    );
}

#[test]
fn tiers_are_one_whatever_their_case() {
    let customer = |tier: &str| pb::Customer {
        tier: tier.into(),
        ..pb::Customer::default()
    };
    let mut violations = Violations::new();
    let told = profile("customer", &customer(" VIP "), &mut violations).tier;
    assert_eq!(
        told.map(|tier| (tier.tier, tier.source)),
        Some(("vip".into(), "manual".into()))
    );
    assert!(violations.is_empty());
    profile("customer", &customer(&"x".repeat(64)), &mut violations);
    assert_eq!(fields_of(violations), ["customer.tier"]);
    let given = pb::InboundContact {
        tier: "\tViP".into(),
        ..inbound()
    };
    assert_eq!(contact(given).expect("taken").tier.expect("a tier").tier, "vip");
}

#[test]
fn times_of_clocks_that_were_never_set_are_not_believed() {
    const EARLIEST: i64 = 631_152_000;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let message = |seconds| pb::Message {
        text: "Hello".into(),
        occurred_at: at(seconds),
        ..pb::Message::default()
    };
    assert_eq!(wrong_with(&message(EARLIEST - 1)), ["message.occurred_at"]);
    assert_eq!(wrong_with(&message(EARLIEST)), Vec::<String>::new());
    let given = pb::InboundContact {
        message: Some(message(0)),
        due_at: at(0),
        ..inbound()
    };
    let taken = contact(given).expect("a contact is worth more than its time");
    assert_eq!((taken.message.occurred_at, taken.fields.due_at), (None, None));
}

#[test]
fn states_are_each_once_and_of_many_wrong_ones_the_first_is_told() {
    let mut violations = Violations::new();
    let read = states("states", &[5, 6].repeat(50_000), &mut violations);
    assert_eq!(read, [State::Solved, State::Closed]);
    assert!(violations.is_empty());
    states("states", &[5, 0, 99, 99], &mut violations);
    states("states", &[98, 99], &mut violations);
    assert_eq!(fields_of(violations), ["states[1]", "states[0]"]);
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
