//! The tenants' own fields: defined, filled, required.

use pb::custom_field_value::{Choices, Value};
use pb::ticket::State;
use pb::ticket_field::{Choice, Type};
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

pub fn value(value: Value) -> pb::CustomFieldValue {
    pb::CustomFieldValue { value: Some(value) }
}

pub fn choice(value: &str) -> Choice {
    Choice {
        value: value.into(),
        display_name: value.to_uppercase(),
        archived: false,
    }
}

pub async fn define(desk: &Fixture, id: &str, field: pb::TicketField) -> Result<pb::TicketField, Error> {
    let request = pb::CreateTicketFieldRequest {
        ticket_field_id: id.into(),
        ticket_field: Some(pb::TicketField {
            display_name: id.into(),
            ..field
        }),
        ..pb::CreateTicketFieldRequest::default()
    };
    create_ticket_field::handle(&desk.app, acme(request)).await
}

pub fn of_type(field_type: Type) -> pb::TicketField {
    pb::TicketField {
        r#type: field_type.into(),
        ..pb::TicketField::default()
    }
}

/// One of each type; `order` is required to solve.
pub async fn one_of_each(desk: &Fixture) {
    let sizes = || vec![choice("small"), choice("large")];
    for (id, field) in [
        ("note", of_type(Type::Text)),
        (
            "order",
            pb::TicketField {
                required_on_solve: true,
                ..of_type(Type::Code)
            },
        ),
        (
            "weight",
            pb::TicketField {
                min: Some(0.0),
                max: Some(10.0),
                ..of_type(Type::Number)
            },
        ),
        ("paid", of_type(Type::Bool)),
        ("delivery", of_type(Type::Date)),
        ("pickup", of_type(Type::Time)),
        (
            "size",
            pb::TicketField {
                choices: sizes(),
                ..of_type(Type::Choice)
            },
        ),
        (
            "sizes",
            pb::TicketField {
                choices: sizes(),
                ..of_type(Type::Choices)
            },
        ),
    ] {
        define(desk, id, field).await.expect("defines");
    }
}

fn update(ticket: &pb::Ticket, paths: &[&str], values: &[(&str, Value)]) -> pb::UpdateTicketRequest {
    pb::UpdateTicketRequest {
        ticket: Some(pb::Ticket {
            name: ticket.name.clone(),
            custom_fields: values
                .iter()
                .map(|(id, one)| ((*id).to_owned(), value(one.clone())))
                .collect(),
            ..pb::Ticket::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        ..pb::UpdateTicketRequest::default()
    }
}

both_engines! {
    async fn values_of_every_type_are_kept_and_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let ticket = desk.ticket().await;
        let choices = |values: &[&str]| Value::Choices(Choices { values: values.iter().map(|one| (*one).into()).collect() });
        let all = [
            ("note", Value::Text("Frau Müller ruft an".into())),
            ("order", Value::Code("A-17".into())),
            ("weight", Value::Number(2.5)),
            ("paid", Value::Flag(false)),
            ("delivery", Value::Date("2026-02-28".into())),
            ("pickup", Value::Time(prost_types::Timestamp { seconds: START, nanos: 5_000 })),
            ("size", Value::Choice("large".into())),
            ("sizes", choices(&["large", "small", "large"])),
        ];
        let changed = update_ticket::handle(&desk.app, acme(update(&ticket, &["custom_fields"], &all))).await.expect("fits");
        assert_eq!(changed.custom_fields.len(), 8);
        assert_eq!(changed.custom_fields["sizes"], value(choices(&["small", "large"])));
        assert_eq!(changed.custom_fields["note"], value(all[0].1.clone()));
        assert_eq!(desk.get(&ticket.name).await, changed);
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::TicketUpdated(event)) = &events[events.len() - 1].payload else { panic!("{events:?}") };
        assert_eq!((event.changed_fields.as_slice(), event.ticket.as_ref()), (&["custom_fields".to_owned()][..], Some(&changed)));

        let one = update(&ticket, &["custom_fields.paid", "custom_fields.note"], &[("paid", Value::Flag(true))]);
        let changed = update_ticket::handle(&desk.app, acme(one)).await.expect("fits");
        assert_eq!(changed.custom_fields.len(), 7, "a named field without a value is cleared");
        assert_eq!(changed.custom_fields["paid"], value(Value::Flag(true)));
        let stored = vorrang_database::event_log::read(&desk.db, "acme", 0, 500).await.expect("reads");
        let plain = stored.iter().any(|event| String::from_utf8_lossy(&event.payload).contains("Frau"));
        assert!(!plain, "free text is sealed in the log");
    }

    async fn bad_values_are_refused_with_their_paths(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let ticket = desk.ticket().await;
        let bad = [
            ("delivery", Value::Date("2026-02-30".into())),
            ("note", Value::Code("wrong type".into())),
            ("order", Value::Code(String::new())),
            ("pickup", Value::Time(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })),
            ("size", Value::Choice("huge".into())),
            ("sizes", Value::Choices(Choices::default())),
            ("unknown", Value::Flag(true)),
            ("weight", Value::Number(f64::NAN)),
        ];
        let error = update_ticket::handle(&desk.app, acme(update(&ticket, &["custom_fields"], &bad))).await.expect_err("bad");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        let expected: Vec<String> = bad.iter().map(|(id, _)| format!("ticket.custom_fields.{id}")).collect();
        assert_eq!((error.kind(), fields), (Kind::Invalid, expected.iter().map(String::as_str).collect()));
        let error = update_ticket::handle(&desk.app, acme(update(&ticket, &["custom_fields.unknown"], &[]))).await;
        assert_eq!(error.expect_err("unknown").violations()[0].field, "update_mask");
        let empty = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket {
                name: ticket.name.clone(),
                custom_fields: [("paid".to_owned(), pb::CustomFieldValue::default())].into(),
                ..pb::Ticket::default()
            }),
            ..update(&ticket, &["custom_fields"], &[])
        };
        let error = update_ticket::handle(&desk.app, acme(empty)).await.expect_err("no value");
        assert_eq!(error.violations()[0].field, "ticket.custom_fields.paid");
        let followers = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket {
                name: ticket.name.clone(),
                followers: vec!["agents/ben".into(), "anna".into()],
                ..pb::Ticket::default()
            }),
            ..update(&ticket, &["followers"], &[])
        };
        let error = update_ticket::handle(&desk.app, acme(followers)).await.expect_err("no agent");
        assert_eq!(error.violations()[0].field, "ticket.followers[1]");
        assert_eq!(desk.get(&ticket.name).await, ticket, "nothing happened");
    }

    async fn a_required_field_is_asked_for_when_solving(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let ticket = desk.ticket().await;
        let error = desk.state(&ticket, State::Solved).await.expect_err("no order");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "REQUIRED_FIELDS_MISSING"));
        let reply = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(agents_message("Done.")),
            state: State::Solved.into(),
            ..pb::CreateMessageRequest::default()
        };
        let error = create_message::handle(&desk.app, acme(reply.clone())).await.expect_err("no order");
        assert_eq!(error.reason(), "REQUIRED_FIELDS_MISSING");
        let order = update(&ticket, &["custom_fields.order"], &[("order", Value::Code("A-1".into()))]);
        update_ticket::handle(&desk.app, acme(order)).await.expect("fits");
        create_message::handle(&desk.app, acme(reply)).await.expect("solves");
    }

    async fn definitions_are_archived_and_never_lose_choices(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let ticket = desk.ticket().await;
        let size = update(&ticket, &["custom_fields.size"], &[("size", Value::Choice("large".into()))]);
        let filled = update_ticket::handle(&desk.app, acme(size)).await.expect("fits");
        let change = |paths: &[&str], field: pb::TicketField| pb::UpdateTicketFieldRequest {
            ticket_field: Some(pb::TicketField { name: "ticketFields/size".into(), ..field }),
            update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
            ..pb::UpdateTicketFieldRequest::default()
        };
        let lost = pb::TicketField { choices: vec![choice("small")], ..Default::default() };
        let error = update_ticket_field::handle(&desk.app, acme(change(&["choices"], lost))).await.expect_err("loses one");
        assert_eq!(error.violations()[0].field, "ticket_field.choices");
        let error = update_ticket_field::handle(&desk.app, acme(change(&["type"], Default::default()))).await;
        assert_eq!(error.expect_err("fixed").violations()[0].field, "update_mask");
        let archived = pb::TicketField { archived: true, ..Default::default() };
        let after = update_ticket_field::handle(&desk.app, acme(change(&["archived"], archived))).await.expect("archives");
        assert!(after.archived && after.choices.len() == 2);
        assert_eq!(desk.get(&ticket.name).await, filled, "tickets keep what they have");
        let other = update(&ticket, &["custom_fields.size"], &[("size", Value::Choice("small".into()))]);
        let error = update_ticket::handle(&desk.app, acme(other)).await.expect_err("archived");
        assert_eq!(error.violations()[0].field, "ticket.custom_fields.size");
        let back = update(&ticket, &["custom_fields"], &[("size", Value::Choice("large".into()))]);
        update_ticket::handle(&desk.app, acme(back)).await.expect("what was read can be sent back");
        let list = list_ticket_fields::handle(&desk.app, acme(pb::ListTicketFieldsRequest::default())).await;
        assert_eq!(list.expect("a page").ticket_fields.len(), 8);
        let error = define(&desk, "size", of_type(Type::Text)).await.expect_err("taken");
        assert_eq!((error.kind(), error.reason()), (Kind::AlreadyExists, "TICKET_FIELD_EXISTS"));
        let bad = pb::TicketField { max_length: -1, min: Some(f64::INFINITY), ..of_type(Type::Unspecified) };
        let error = define(&desk, "9", bad).await.expect_err("four mistakes");
        assert_eq!(error.violations().len(), 4);
        let get = pb::GetTicketFieldRequest { name: "ticketFields/size".into() };
        let error = get_ticket_field::handle(&desk.app, by(Tenant::One("other".into()), get)).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    async fn tickets_open_with_own_fields_and_followers(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let customer = desk.customer("mara@example.org").await;
        let ticket = pb::Ticket {
            customer: customer.name,
            custom_fields: [("paid".to_owned(), value(Value::Flag(true)))].into(),
            followers: vec!["agents/ben".into(), "agents/anna".into(), "agents/ben".into()],
            ..pb::Ticket::default()
        };
        let request = pb::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        let opened = create_ticket::handle(&desk.app, acme(request)).await.expect("opens");
        assert_eq!(opened.followers, ["agents/anna", "agents/ben"]);
        assert_eq!(opened.custom_fields["paid"], value(Value::Flag(true)));
        assert_eq!(desk.get(&opened.name).await, opened);
    }
}
