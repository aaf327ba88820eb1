//! Opening, reading, listing, changing tickets.

use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    /// What is created is read back by id and number, and told with the ticket as it is.
    async fn a_ticket_is_created_and_found_by_id_and_number(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let request = pb::CreateTicketRequest {
            ticket: Some(pb::Ticket {
                customer: customer.name.clone(),
                subject: "Drucker brennt".into(),
                channel: pb::Channel::Chat.into(),
                tags: vec!["b".into(), "a".into()],
                due_at: Some(prost_types::Timestamp { seconds: START + 60, nanos: 0 }),
                ..pb::Ticket::default()
            }),
            message: Some(pb::Message {
                actor: actor(feed::actor::Kind::Customer, ""),
                text: "Hilfe!".into(),
                attachments: vec![pb::Attachment { file_name: "a.png".into(), ..pb::Attachment::default() }],
                ..pb::Message::default()
            }),
            ..pb::CreateTicketRequest::default()
        };
        let ticket = create_ticket::handle(&desk.app, acme(request)).await.expect("opens");
        assert_eq!((ticket.number, ticket.state(), ticket.generation), (1, State::New, 1));
        assert_eq!((ticket.queue.as_str(), ticket.tier.as_str(), ticket.message_count), ("default", "standard", 1));
        assert_eq!(ticket.tags, ["a", "b"]);
        assert!(ticket.queue_entered_at.is_some());
        assert_eq!(desk.get(&ticket.name).await, ticket);
        assert_eq!(desk.get("tickets/1").await, ticket);

        let events = desk.events("acme").await;
        assert_eq!(desk.kinds(0).await, ["customer_created", "ticket_created", "message_created"]);
        let Some(pb::event::Payload::TicketCreated(created)) = &events[1].payload else { panic!("{events:?}") };
        assert_eq!(created.ticket.as_ref(), Some(&ticket));
        let head = events[1].head.as_ref().expect("filled in");
        let who = head.actor.as_ref().expect("somebody");
        assert_eq!((who.kind(), &who.id), (feed::actor::Kind::Customer, &customer.name), "who wrote opened it");
    }

    async fn a_ticket_of_nobody_is_not_found(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = pb::Ticket { customer: format!("customers/{}", uuid::Uuid::nil()), ..pb::Ticket::default() };
        let request = pb::CreateTicketRequest { ticket: Some(ticket), ..pb::CreateTicketRequest::default() };
        let error = create_ticket::handle(&desk.app, acme(request)).await.expect_err("no such customer");
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(desk.events("acme").await.is_empty(), "nothing happened");
    }

    /// A tenant sees nothing of another one's, by id or number, and cannot change it.
    async fn tenants_are_apart(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let other = || Tenant::One("other".into());
        for name in [ticket.name.as_str(), "tickets/1"] {
            let get = pb::GetTicketRequest { name: name.into() };
            let error = get_ticket::handle(&desk.app, by(other(), get)).await.expect_err("not theirs");
            assert_eq!(error.kind(), Kind::NotFound);
            let assign = pb::AssignTicketRequest {
                name: name.into(),
                agent: "agents/eve".into(),
                ..pb::AssignTicketRequest::default()
            };
            let error = assign_ticket::handle(&desk.app, by(other(), assign)).await.expect_err("not theirs");
            assert_eq!(error.kind(), Kind::NotFound);
        }
        let create = pb::CreateTicketRequest {
            ticket: Some(pb::Ticket { customer: ticket.customer.clone(), ..pb::Ticket::default() }),
            ..pb::CreateTicketRequest::default()
        };
        let error = create_ticket::handle(&desk.app, by(other(), create)).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
        let list = list_tickets::handle(&desk.app, by(other(), pb::ListTicketsRequest::default())).await;
        assert!(list.expect("an empty list").tickets.is_empty());
        assert!(desk.events("other").await.is_empty());
    }

    /// Pages are stable while tickets are added, filters hold, tokens of other arguments are refused.
    async fn lists_are_paged_newest_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        for _ in 0..5 {
            desk.ticket_of(&mara).await;
        }
        let other = desk.ticket().await;
        desk.state(&other, State::Solved).await.expect("solves");

        let list = async |request: pb::ListTicketsRequest| list_tickets::handle(&desk.app, acme(request)).await;
        let of_mara = pb::ListTicketsRequest { page_size: 2, customer: mara.name.clone(), ..Default::default() };
        let first = list(of_mara.clone()).await.expect("a page");
        assert_eq!(numbers(&first), [5, 4]);
        desk.ticket_of(&mara).await;
        let token = first.next_page_token;
        let second = list(pb::ListTicketsRequest { page_token: token.clone(), ..of_mara.clone() }).await.expect("a page");
        assert_eq!(numbers(&second), [3, 2]);
        let token = second.next_page_token;
        let third = list(pb::ListTicketsRequest { page_token: token.clone(), ..of_mara.clone() }).await.expect("a page");
        assert_eq!((numbers(&third), third.next_page_token.as_str()), (vec![1], ""));

        let strange = pb::ListTicketsRequest { page_token: token, queue: "other".into(), ..of_mara };
        assert_eq!(list(strange).await.expect_err("made for others").violations()[0].field, "page_token");

        let states = vec![State::Solved.into(), State::Closed.into()];
        let solved = list(pb::ListTicketsRequest { states, ..Default::default() }).await.expect("a page");
        assert_eq!(numbers(&solved), [6]);
        let states = [State::Solved.into(), State::Closed.into()].repeat(35_000);
        let solved = list(pb::ListTicketsRequest { states, ..Default::default() }).await.expect("a page");
        assert_eq!(numbers(&solved), [6], "repeats are no values of their own");
        let nobodys = list(pb::ListTicketsRequest { assignee: "agents/ben".into(), ..Default::default() }).await;
        assert!(nobodys.expect("a page").tickets.is_empty());
        let bad = pb::ListTicketsRequest { page_size: -1, states: vec![99], customer: "x".into(), ..Default::default() };
        assert_eq!(list(bad).await.expect_err("three mistakes").violations().len(), 3);
    }

    async fn an_update_needs_the_present_etag_and_a_mask(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let update = |etag: &str, subject: &str| pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket {
                name: ticket.name.clone(),
                subject: subject.into(),
                intent: "not in the mask".into(),
                etag: etag.into(),
                ..pb::Ticket::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["subject".into()] }),
            ..pb::UpdateTicketRequest::default()
        };
        desk.wait(10);
        let changed = update_ticket::handle(&desk.app, acme(update(&ticket.etag, "Other"))).await.expect("changes");
        assert_eq!((changed.subject.as_str(), changed.intent.as_str()), ("Other", ""));
        assert_ne!(changed.etag, ticket.etag);
        assert_ne!(changed.updated_at, ticket.updated_at);
        let late = update_ticket::handle(&desk.app, acme(update(&ticket.etag, "Late"))).await.expect_err("too late");
        assert_eq!((late.kind(), late.reason()), (Kind::Conflict, "ETAG_MISMATCH"));
        let same = update_ticket::handle(&desk.app, acme(update("", "Other"))).await.expect("no change");
        assert_eq!(same, changed, "nothing changed, nothing is told");
        assert_eq!(desk.kinds(2).await, ["ticket_updated"]);
    }

    async fn states_change_by_verbs_and_are_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        desk.state(&ticket, State::Pending).await.expect("parks");
        desk.wait(5);
        let solved = desk.state(&ticket, State::Solved).await.expect("solves");
        assert_eq!((solved.solve_count, solved.queue_entered_at), (1, None));
        let reopened = desk.state(&ticket, State::Open).await.expect("reopens");
        assert_eq!((reopened.generation, reopened.solved_at), (2, None));
        assert!(reopened.queue_entered_at.is_some(), "nobody has it: it waits again");
        desk.state(&ticket, State::Closed).await.expect("closes");
        let error = desk.state(&ticket, State::Open).await.expect_err("final");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TRANSITION_NOT_ALLOWED"));
        let told = desk.kinds(2).await;
        let changed = "ticket_state_changed";
        assert_eq!(told, [changed, changed, changed, "ticket_queued", changed]);
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::TicketStateChanged(change)) = &events[3].payload else { panic!("{events:?}") };
        assert_eq!(change.previous_state(), State::Pending);
        assert_eq!(change.ticket.as_ref(), Some(&solved));
    }

    /// The first answer again, also from a process started later; another request under the id is refused.
    async fn a_repeat_gets_the_first_answer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let request = pb::CreateTicketRequest {
            request_id: "r-1".into(),
            ticket: Some(pb::Ticket { customer: mara.name, subject: "Once".into(), ..pb::Ticket::default() }),
            message: None,
        };
        let first = create_ticket::handle(&desk.app, acme(request.clone())).await.expect("opens");
        desk.state(&first, State::Solved).await.expect("solves");
        desk.wait(3_600);
        let desk = Fixture::restarted(&db, desk.clock).await;
        let again = create_ticket::handle(&desk.app, acme(request.clone())).await.expect("the same");
        assert_eq!(again, first, "the answer of then, whatever happened since");
        let mut other = request;
        other.ticket = other.ticket.map(|ticket| pb::Ticket { subject: "Twice".into(), ..ticket });
        let error = create_ticket::handle(&desk.app, acme(other)).await.expect_err("another request");
        assert_eq!((error.kind(), error.reason()), (Kind::Invalid, "REQUEST_ID_REUSED"));
        assert_eq!(desk.kinds(0).await.len(), 3, "customer, ticket, solve");
    }

    async fn a_failed_call_may_be_repeated_under_its_id(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        desk.state(&ticket, State::Solved).await.expect("solves");
        let request = pb::AssignTicketRequest {
            request_id: "r-1".into(),
            name: ticket.name.clone(),
            agent: "agents/anna".into(),
            ..pb::AssignTicketRequest::default()
        };
        let error = assign_ticket::handle(&desk.app, acme(request.clone())).await.expect_err("solved");
        assert_eq!(error.reason(), "TICKET_SOLVED");
        desk.state(&ticket, State::Open).await.expect("reopens");
        let assigned = assign_ticket::handle(&desk.app, acme(request)).await.expect("now it can be");
        assert_eq!(assigned.assignee, "agents/anna");
    }
}

fn numbers(page: &pb::ListTicketsResponse) -> Vec<i64> {
    page.tickets.iter().map(|ticket| ticket.number).collect()
}
