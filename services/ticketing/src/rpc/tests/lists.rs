//! Lists of tickets: filters, orders, pages, and what is refused.

use pb::custom_field_value::Value;
use pb::ticket::{Disposition, State};
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::ticket_fields::{one_of_each, value};
use super::*;

fn asking(filter: &str, order_by: &str) -> pb::ListTicketsRequest {
    pb::ListTicketsRequest {
        filter: filter.into(),
        order_by: order_by.into(),
        ..pb::ListTicketsRequest::default()
    }
}

async fn list(desk: &Fixture, request: pb::ListTicketsRequest) -> Result<Vec<i64>, Error> {
    let page = list_tickets::handle(&desk.app, acme(request)).await?;
    Ok(page.tickets.iter().map(|ticket| ticket.number).collect())
}

async fn open(desk: &Fixture, ticket: pb::Ticket) -> pb::Ticket {
    let customer = desk.customer(&format!("{}@example.org", uuid::Uuid::new_v4())).await;
    let ticket = pb::Ticket {
        customer: customer.name,
        ..ticket
    };
    let request = pb::CreateTicketRequest {
        ticket: Some(ticket),
        ..Default::default()
    };
    create_ticket::handle(&desk.app, acme(request)).await.expect("opens")
}

both_engines! {
    async fn filters_find_what_they_say(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        let due = |seconds: i64| Some(prost_types::Timestamp { seconds: START + seconds, nanos: 0 });
        let first = open(&desk, pb::Ticket {
            tags: vec!["refund".into(), "vip".into()],
            priority: pb::Priority::Urgent.into(),
            custom_fields: [("order".to_owned(), value(Value::Code("A-17".into())))].into(),
            due_at: due(60),
            ..pb::Ticket::default()
        }).await;
        open(&desk, pb::Ticket { intent: "refund".into(), due_at: due(30), ..pb::Ticket::default() }).await;
        open(&desk, pb::Ticket { queue: "billing".into(), ..pb::Ticket::default() }).await;
        for (filter, order_by, expected) in [
            ("", "", &[3, 2, 1][..]),
            ("refund", "", &[2, 1]),
            ("tags:refund AND tags:vip", "", &[1]),
            ("priority >= HIGH OR queue = billing", "number", &[1, 3]),
            ("custom_fields.order = A-*", "", &[1]),
            ("NOT custom_fields.order:*", "", &[3, 2]),
            ("custom_fields:order", "", &[1]),
            (&format!("customer = {}", first.customer), "", &[1]),
            ("state = NEW due_at:*", "due_at", &[2, 1]),
            ("", "due_at", &[2, 1, 3]),
            ("", "due_at desc", &[1, 2, 3]),
            ("", "priority desc, number", &[1, 2, 3]),
            ("opened_at > 2030-01-01T00:00:00Z", "", &[]),
        ] {
            assert_eq!(list(&desk, asking(filter, order_by)).await.expect(filter), expected, "{filter} / {order_by}");
        }
        let both = pb::ListTicketsRequest { queue: "billing".into(), states: vec![State::New.into()], ..asking("", "") };
        assert_eq!(list(&desk, both).await.expect("both"), [3]);
        let tag = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket { name: first.name.clone(), tags: vec!["other".into()], ..pb::Ticket::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["tags".into()] }),
            ..pb::UpdateTicketRequest::default()
        };
        update_ticket::handle(&desk.app, acme(tag)).await.expect("changes");
        assert_eq!(list(&desk, asking("tags:other", "")).await.expect("found"), [1]);
        assert_eq!(list(&desk, asking("tags:refund", "")).await.expect("gone").len(), 0);
        assert_eq!(list(&desk, asking("custom_fields.order = A-17", "")).await.expect("kept"), [1]);
    }

    /// Contacts that come in are found by their tags like tickets that were opened by hand.
    async fn recorded_contacts_are_found_by_tag(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let tagged = |id: &str, tag: &str| pb::InboundContact { tags: vec![tag.into()], ..mail("mara@example.org", id) };
        desk.record(vec![tagged("<1>", "a"), tagged("<2>", "b"), tagged("<3>", "a")]).await;
        assert_eq!(list(&desk, asking("tags:a", "")).await.expect("found"), [3, 1]);
    }

    async fn what_is_set_aside_is_listed_only_when_asked_for(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let spam = desk.ticket().await;
        desk.ticket().await;
        let request = pb::MarkTicketRequest {
            name: spam.name.clone(),
            disposition: Disposition::Spam.into(),
            ..pb::MarkTicketRequest::default()
        };
        mark_ticket::handle(&desk.app, acme(request)).await.expect("marks");
        assert_eq!(list(&desk, asking("", "")).await.expect("a page"), [2]);
        assert_eq!(list(&desk, asking("state = NEW", "")).await.expect("a page"), [2]);
        assert_eq!(list(&desk, asking("disposition = SPAM", "")).await.expect("a page"), [1]);
        assert_eq!(list(&desk, asking("disposition:*", "")).await.expect("a page"), [2, 1]);
    }

    /// Tickets that are opened or changed between pages neither hide others nor show them twice.
    async fn pages_are_stable_in_any_order(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for _ in 0..6 {
            desk.ticket().await;
            desk.wait(1);
        }
        let mut token = String::new();
        let mut seen = Vec::new();
        loop {
            let request = pb::ListTicketsRequest { page_size: 2, page_token: token, ..asking("state = NEW", "opened_at") };
            let page = list_tickets::handle(&desk.app, acme(request)).await.expect("a page");
            seen.extend(page.tickets.iter().map(|ticket| ticket.number));
            token = page.next_page_token;
            if token.is_empty() || seen.len() > 20 {
                break;
            }
            if seen.len() == 2 {
                let first = pb::ListTicketsRequest { page_size: 1, ..asking("number = 1", "") };
                let page = list_tickets::handle(&desk.app, acme(first)).await.expect("a page");
                desk.state(&page.tickets[0], State::Solved).await.expect("solves");
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
    }

    async fn bad_requests_say_where_and_why(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        one_of_each(&desk).await;
        for _ in 0..3 {
            desk.ticket().await;
        }
        let deep = format!("{}number = 1{}", "(".repeat(1_000), ")".repeat(1_000));
        let long = "a".repeat(10_000);
        for (filter, part) in [
            ("stat = NEW", "at character 1: there is no such field; did you mean `state`?"),
            ("number = 1 AND custom_fields.wieght > 1", "at character 16: there is no such field; did you mean"),
            ("custom_fields.weight = heavy", "at character 24: `custom_fields.weight` must be a number"),
            ("custom_fields.note = secret", "is sealed"),
            ("subject:secret", "there is no such field"),
            ("state = OPENED", "did you mean `OPEN`?"),
            ("opened_at > 2026-02-30T00:00:00Z", "must be a time"),
            ("assignee = anna", "a whole name, `agents/…`"),
            (&deep, "nested at most 32 deep"),
            (&long, "at most 4096 bytes"),
        ] {
            let error = list(&desk, asking(filter, "")).await.expect_err("refused");
            assert_eq!((error.kind(), error.violations().len()), (Kind::Invalid, 1));
            let violation = &error.violations()[0];
            assert!(violation.field == "filter" && violation.description.contains(part), "{violation:?}");
        }
        let error = list(&desk, asking("stat = NEW", "subject")).await.expect_err("two mistakes");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["order_by", "filter"]);
        // Names of nobody are no mistake: they fit nothing.
        let stranger = format!("customer = customers/{}", uuid::Uuid::nil());
        assert!(list(&desk, asking(&stranger, "")).await.expect("nothing").is_empty());
    }

    /// A token is for its filter and order only, and an edited one is refused or harmless.
    async fn page_tokens_are_bound_to_their_request(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for _ in 0..3 {
            desk.ticket().await;
        }
        let first = pb::ListTicketsRequest { page_size: 1, ..asking("state = NEW", "updated_at desc") };
        let page = list_tickets::handle(&desk.app, acme(first.clone())).await.expect("a page");
        let token = page.next_page_token;
        let with = |request: &pb::ListTicketsRequest, token: &str| pb::ListTicketsRequest {
            page_token: token.into(),
            ..request.clone()
        };
        assert_eq!(list(&desk, with(&first, &token)).await.expect("goes on"), [2]);
        for other in [
            pb::ListTicketsRequest { filter: "state = OPEN".into(), ..first.clone() },
            pb::ListTicketsRequest { order_by: "updated_at".into(), ..first.clone() },
            pb::ListTicketsRequest { queue: "default".into(), ..first.clone() },
        ] {
            let error = list(&desk, with(&other, &token)).await.expect_err("another list");
            assert_eq!(error.violations()[0].field, "page_token");
        }
        let plain = String::from_utf8(base64_url(&token)).expect("JSON");
        for edited in [
            plain.replace("\"number\":", "\"nummer\":"),
            plain.replace("[1700000000000000]", "[]"),
            plain.replace("[1700000000000000]", "[null]"),
            plain.replace("[1700000000000000]", "[\"x\"]"),
            plain.replace("1,\"", "2,\""),
            "x".to_owned(),
        ] {
            assert_ne!(edited, plain);
            let error = list(&desk, with(&first, &to_base64_url(&edited))).await.expect_err("edited");
            assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::Invalid, "page_token"), "{edited}");
        }
        let elsewhere = plain.replace("1700000000000000", "-9223372036854775808");
        assert!(list(&desk, with(&first, &to_base64_url(&elsewhere))).await.expect("behind all").is_empty());
    }
}

fn base64_url(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .expect("base64url")
}

fn to_base64_url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
