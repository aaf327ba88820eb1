//! Many at once: one wins, numbers are dense, nothing deadlocks.

use std::collections::BTreeSet;

use futures::future::join_all;
use pb::contact_result::Outcome;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    /// Sixteen agents accept one offer: one gets the ticket, the others are told.
    async fn one_of_many_accepts_wins(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for _ in 0..5 {
            let ticket = desk.ticket().await;
            let agents: Vec<String> = (0..16).map(|index| format!("agents/{index}")).collect();
            let results = join_all(agents.iter().map(|agent| desk.accept(&ticket, agent))).await;
            let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
            assert_eq!(won.len(), 1);
            for error in results.iter().filter_map(|result| result.as_ref().err()) {
                assert_eq!(error.reason(), "GENERATION_CHANGED");
            }
            assert_eq!(desk.get(&ticket.name).await, *won[0]);
        }
        let assigned = desk.kinds(0).await.iter().filter(|kind| *kind == "ticket_assigned").count();
        assert_eq!(assigned, 5, "one event a ticket");
    }

    /// A manual assignment wins whether it comes before or after the accepts it races with.
    async fn a_manual_assignment_always_wins(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for _ in 0..5 {
            let ticket = desk.ticket().await;
            let by_hand = pb::AssignTicketRequest {
                name: ticket.name.clone(),
                agent: "agents/boss".into(),
                ..pb::AssignTicketRequest::default()
            };
            let agents: Vec<String> = (0..8).map(|index| format!("agents/{index}")).collect();
            let accepts = join_all(agents.iter().map(|agent| desk.accept(&ticket, agent)));
            let (assigned, _) = tokio::join!(assign_ticket::handle(&desk.app, acme(by_hand)), accepts);
            assigned.expect("by hand is never refused");
            assert_eq!(desk.get(&ticket.name).await.assignee, "agents/boss");
        }
    }

    /// Two processes, all doors at once: numbers are dense, every contact lands once, the log has no hole, and the state
    /// that the log tells is the state that is stored.
    async fn all_doors_at_once(db: TestDatabase) {
        let one = Fixture::new(&db).await;
        let two = Fixture::restarted(&db, one.clock.clone()).await;
        let shared = one.ticket().await;
        let pushes = (0..24).map(|index| {
            let desk = if index % 2 == 0 { &one } else { &two };
            async move {
                // Each contact goes to both processes, as a sender that never got its answer does.
                let batch: Vec<_> = (0..10)
                    .map(|item| {
                        let id = format!("<{}-{item}>", index / 2);
                        let who = format!("{}@example.org", item % 3);
                        pb::InboundContact { reference_keys: vec!["mail:<0-0>".into()], ..mail(&who, &id) }
                    })
                    .collect();
                desk.record(batch).await
            }
        });
        let answers = (0..12).map(|index| {
            let desk = if index % 2 == 0 { &one } else { &two };
            let request = pb::CreateMessageRequest {
                parent: shared.name.clone(),
                message: Some(agents_message("Hello")),
                ..pb::CreateMessageRequest::default()
            };
            create_message::handle(&desk.app, acme(request))
        });
        let opened = (0..12).map(|index| {
            let desk = if index % 2 == 0 { &one } else { &two };
            let ticket = pb::Ticket { customer: shared.customer.clone(), ..pb::Ticket::default() };
            let request = pb::CreateTicketRequest { ticket: Some(ticket), ..pb::CreateTicketRequest::default() };
            create_ticket::handle(&desk.app, acme(request))
        });
        let (recorded, answered, opened) = tokio::join!(join_all(pushes), join_all(answers), join_all(opened));
        assert!(answered.iter().all(Result::is_ok) && opened.iter().all(Result::is_ok));
        let results: Vec<pb::ContactResult> = recorded.into_iter().flatten().collect();
        let count = |outcome: Outcome| results.iter().filter(|result| result.outcome() == outcome).count();
        assert_eq!(count(Outcome::Unspecified), 0, "{results:?}");
        assert_eq!(count(Outcome::Duplicate), 120);
        assert_eq!(count(Outcome::Created) + count(Outcome::Appended), 120);

        let list = pb::ListTicketsRequest { page_size: 500, ..pb::ListTicketsRequest::default() };
        let tickets = list_tickets::handle(&one.app, acme(list)).await.expect("a page").tickets;
        let numbers: BTreeSet<i64> = tickets.iter().map(|ticket| ticket.number).collect();
        let expected: BTreeSet<i64> = (1..=(1 + 12 + count(Outcome::Created) as i64)).collect();
        assert_eq!(numbers, expected, "dense");
        let messages: i32 = tickets.iter().map(|ticket| ticket.message_count).sum();
        assert_eq!(messages, 12 + 120);

        one.check_history().await;
    }

    /// The same request id at once: one does the work, the other gets its answer or is told to come back.
    async fn twins_do_the_work_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let ticket = pb::Ticket { customer: customer.name, ..pb::Ticket::default() };
        let request = pb::CreateTicketRequest {
            request_id: "twin".into(),
            ticket: Some(ticket),
            ..pb::CreateTicketRequest::default()
        };
        let results = join_all((0..8).map(|_| create_ticket::handle(&desk.app, acme(request.clone())))).await;
        for result in &results {
            match result {
                Ok(ticket) => assert_eq!(ticket.number, 1),
                Err(error) => assert_eq!(error.reason(), "REQUEST_IN_PROGRESS"),
            }
        }
        let again = create_ticket::handle(&desk.app, acme(request)).await.expect("the answer");
        assert_eq!(again.number, 1);
        assert_eq!(desk.kinds(0).await, ["customer_created", "ticket_created"]);
    }
}
