//! RecordContacts: what becomes of contacts, on real stores.

use pb::contact_result::Outcome;
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    async fn contacts_become_tickets_messages_and_customers(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut answer = mail("mara@example.org", "<2>");
        answer.reference_keys = vec!["mail:<0>".into(), "mail:<1>".into()];
        let results = desk.record(vec![mail("mara@example.org", "<1>"), answer, mail("ben@example.org", "<3>")]).await;
        assert_eq!(outcomes(&results), [Outcome::Created, Outcome::Appended, Outcome::Created]);
        assert_eq!((results[0].number, results[2].number), (1, 2));
        assert_eq!(results[1].ticket, results[0].ticket);
        let ticket = desk.get(&results[0].ticket).await;
        assert_eq!((ticket.message_count, ticket.customer.as_str()), (2, results[0].customer.as_str()));

        // Across transactions as within one.
        let mut later = mail("mara@example.org", "<4>");
        later.reference_keys = vec!["mail:<2>".into()];
        let results = desk.record(vec![mail("mara@example.org", "<1>"), later, mail("ben@example.org", "<5>")]).await;
        assert_eq!(outcomes(&results), [Outcome::Duplicate, Outcome::Appended, Outcome::Created]);
        assert_eq!(results[0].message, desk.record(vec![mail("x@example.org", "<1>")]).await[0].message);
        assert_eq!(results[2].number, 3);
        let list = list_customers::handle(&desk.app, acme(pb::ListCustomersRequest::default())).await.expect("a page");
        assert_eq!(list.customers.len(), 2, "a duplicate makes nobody known");
    }

    async fn one_bad_item_spoils_no_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut bad = mail("mara@example.org", "<2>");
        bad.identities.clear();
        let results = desk.record(vec![mail("mara@example.org", "<1>"), bad, mail("mara@example.org", "<3>")]).await;
        assert_eq!(outcomes(&results), [Outcome::Created, Outcome::Unspecified, Outcome::Created]);
        let error = results[1].error.as_ref().expect("why");
        assert_eq!(error.code, i32::from(tonic::Code::InvalidArgument));
        assert!(!error.details.is_empty(), "with all violations");
        assert_eq!(results[2].number, 2);
    }

    /// The first answer again, within a batch, across batches, and after a restart; the id of another contact is refused.
    async fn a_repeated_item_gets_its_first_answer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        // Without an external id only the request id protects.
        let item = |id: &str, text: &str| pb::InboundContact {
            request_id: id.into(),
            message: Some(pb::Message { text: text.into(), ..pb::Message::default() }),
            thread_keys: Vec::new(),
            ..mail("mara@example.org", "")
        };
        let first = desk.record(vec![item("a", "one"), item("a", "one"), item("b", "two")]).await;
        assert_eq!(outcomes(&first), [Outcome::Created; 3]);
        assert_eq!(first[0], first[1]);
        let desk = Fixture::restarted(&db, desk.clock).await;
        let again = desk.record(vec![item("b", "two"), item("a", "other"), item("c", "three")]).await;
        assert_eq!(again[0], first[2]);
        let refused = again[1].error.as_ref().expect("another contact");
        assert_eq!(refused.code, i32::from(tonic::Code::InvalidArgument));
        assert_eq!(again[2].number, 3);
        assert_eq!(desk.kinds(0).await.iter().filter(|kind| *kind == "ticket_created").count(), 3);
    }

    async fn a_solved_ticket_is_reopened_and_a_closed_one_followed_up(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![mail("mara@example.org", "<1>")]).await.remove(0);
        let ticket = desk.get(&first.ticket).await;
        desk.state(&ticket, State::Solved).await.expect("solves");
        let answer = |id: &str| pb::InboundContact { reference_keys: vec!["mail:<1>".into()], ..mail("mara@example.org", id) };
        let skip = desk.kinds(0).await.len();
        let result = desk.record(vec![answer("<2>")]).await.remove(0);
        assert_eq!((result.outcome(), &result.ticket), (Outcome::Appended, &first.ticket));
        let reopened = desk.get(&first.ticket).await;
        assert_eq!((reopened.state(), reopened.generation), (State::Open, 2));
        assert_eq!(desk.kinds(skip).await, ["message_created", "ticket_state_changed", "ticket_queued"]);

        desk.state(&ticket, State::Closed).await.expect("closes");
        let result = desk.record(vec![answer("<3>"), answer("<4>")]).await;
        assert_eq!(outcomes(&result), [Outcome::Created, Outcome::Appended]);
        assert_eq!(desk.get(&result[0].ticket).await.follow_up_of, first.ticket);
        let later = desk.record(vec![answer("<5>")]).await.remove(0);
        assert_eq!((later.outcome(), &later.ticket), (Outcome::Appended, &result[0].ticket));
    }

    /// Whatever bytes a customer sends are kept: both engines take the same.
    /// A key that names the ticket itself leads there whoever wrote, and nowhere when the id is another's.
    async fn a_signed_mark_leads_to_its_ticket(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let by_hand = desk.ticket().await;
        let tail = |ticket: &pb::Ticket| ticket.name[ticket.name.len() - 10..].to_owned();
        let marked = |from: &str, id: &str, key: String| pb::InboundContact {
            reference_keys: vec![key],
            ..mail(from, id)
        };
        let key = format!("ticket:{}:{}", by_hand.number, tail(&by_hand));
        let joined = desk.record(vec![marked("colleague@example.org", "<1>", key.clone())]).await.remove(0);
        assert_eq!((joined.outcome(), &joined.ticket), (Outcome::Appended, &by_hand.name));
        for (id, wrong) in [
            ("<2>", format!("ticket:{}:0000000000", by_hand.number)),
            ("<3>", format!("ticket:{}:{}", by_hand.number + 7, tail(&by_hand))),
            ("<4>", format!("ticket:{}", by_hand.number)),
            ("<5>", format!("ticket:{}:{}", by_hand.number, &tail(&by_hand)[2..])),
        ] {
            let result = desk.record(vec![marked("stranger@example.org", id, wrong.clone())]).await.remove(0);
            assert_eq!(result.outcome(), Outcome::Created, "{wrong}");
        }
        let theirs = by(Tenant::One("rival".into()), pb::RecordContactsRequest {
            contacts: vec![marked("stranger@example.org", "<6>", key.clone())],
        });
        let theirs = record_contacts::handle(&desk.app, theirs).await.expect("recorded").results.remove(0);
        assert_eq!(theirs.outcome(), Outcome::Created, "another tenant's ticket of that number");

        // To a closed one it opens a follow-up, and leads there from then on.
        for state in [State::Solved, State::Closed] {
            desk.state(&by_hand, state).await.expect("changes");
        }
        let follow_up = desk.record(vec![marked("colleague@example.org", "<7>", key.clone())]).await.remove(0);
        assert_eq!(follow_up.outcome(), Outcome::Created);
        assert_eq!(desk.get(&follow_up.ticket).await.follow_up_of, by_hand.name);
        let next = desk.record(vec![marked("colleague@example.org", "<8>", key)]).await.remove(0);
        assert_eq!((next.outcome(), &next.ticket), (Outcome::Appended, &follow_up.ticket));
    }

    /// What a delivery report names, and where an image stands, is read back as it came, also from the feed.
    async fn a_delivery_report_names_who_failed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let failed = vec![pb::FailedRecipient {
            address: "nobody@example.net".into(),
            failed: true,
            status: "5.1.1".into(),
            diagnostic: "550 unknown".into(),
        }];
        let file = pb::Attachment {
            file_name: "bild.png".into(),
            content_id: "bild1@x".into(),
            ..pb::Attachment::default()
        };
        let mut report = mail("mailer-daemon@example.net", "<1>");
        report.automated = true;
        let message = report.message.as_mut().expect("given");
        message.failed_recipients = failed.clone();
        message.attachments = vec![file.clone()];
        let recorded = desk.record(vec![report]).await.remove(0);
        let request = pb::ListMessagesRequest {
            parent: recorded.ticket,
            ..pb::ListMessagesRequest::default()
        };
        let stored = list_messages::handle(&desk.app, acme(request)).await.expect("a page").messages.remove(0);
        assert_eq!((&stored.failed_recipients, &stored.attachments), (&failed, &vec![file]));
        let told = desk.events("acme").await.into_iter().find_map(|event| match event.payload {
            Some(pb::event::Payload::MessageCreated(created)) => created.message,
            _ => None,
        });
        assert_eq!(told.expect("told").failed_recipients, failed);
    }

    async fn strange_texts_are_kept(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut odd = mail("\"o'd\"@exämple.org", "<'; DROP TABLE tickets; -->");
        odd.subject = "\u{202e}x\0y\u{1f600}".repeat(100);
        odd.external_id = "z".repeat(3_000);
        odd.thread_keys = vec!["mail:".to_owned() + &"\u{10ffff}".repeat(700)];
        odd.message = Some(pb::Message { text: "a\0b\u{fffe}".into(), ..pb::Message::default() });
        let result = desk.record(vec![odd.clone()]).await.remove(0);
        assert_eq!(result.outcome(), Outcome::Created, "{result:?}");
        assert_eq!(desk.record(vec![odd]).await[0].outcome(), Outcome::Duplicate);
        let ticket = desk.get(&result.ticket).await;
        assert_eq!(ticket.subject, "\u{202e}x\u{fffd}y\u{1f600}".repeat(100));
    }

    /// A batch as large as they get: one transaction, dense numbers, every event.
    async fn a_full_batch_is_recorded_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let batch: Vec<_> = (0..500)
            .map(|index| pb::InboundContact {
                request_id: format!("r-{index}"),
                ..mail(&format!("{}@example.org", index % 100), &format!("<{index}>"))
            })
            .collect();
        let results = desk.record(batch.clone()).await;
        let numbers: Vec<i64> = results.iter().map(|result| result.number).collect();
        assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
        assert_eq!(desk.events("acme").await.len(), 100 + 500 + 500);
        assert_eq!(desk.record(batch).await, results, "again: the same answers");
        let error = record_contacts::handle(
            &desk.app,
            acme(pb::RecordContactsRequest { contacts: vec![mail("a@example.org", "<x>"); 501] }),
        );
        assert_eq!(error.await.expect_err("too many").violations()[0].field, "contacts");
    }
}
