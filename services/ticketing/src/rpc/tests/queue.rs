//! Routing's doors: accepting, and the snapshot of what waits.

use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    pub async fn accept(&self, ticket: &pb::Ticket, agent: &str) -> Result<pb::Ticket, Error> {
        let request = pb::AcceptTicketRequest {
            name: ticket.name.clone(),
            agent: agent.into(),
            generation: ticket.generation,
            accepted_at: Some(vorrang_api::timestamp(vorrang_clock::Clock::now(&self.clock))),
            ..pb::AcceptTicketRequest::default()
        };
        accept_ticket::handle(&self.app, acme(request)).await
    }
}

both_engines! {
    async fn an_accept_is_told_with_the_wait(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        desk.wait(90);
        let accepted = desk.accept(&ticket, "agents/anna").await.expect("accepts");
        assert_eq!((accepted.assignee.as_str(), accepted.generation), ("agents/anna", 2));
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::TicketAssigned(assigned)) = &events[2].payload else { panic!("{events:?}") };
        assert_eq!(assigned.source(), pb::ticket_assigned::Source::Routing);
        let seconds = |at: &Option<prost_types::Timestamp>| at.as_ref().map(|at| at.seconds);
        assert_eq!((seconds(&assigned.queue_entered_at), seconds(&assigned.accepted_at)), (Some(START), Some(START + 90)));
        assert_eq!(assigned.ticket.as_ref(), Some(&accepted));
        let actor = events[2].head.as_ref().and_then(|head| head.actor.clone()).expect("somebody");
        assert_eq!(actor.id, "agents/anna");
    }

    async fn a_late_accept_is_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let by_hand = pb::AssignTicketRequest {
            name: ticket.name.clone(),
            agent: "agents/ben".into(),
            ..pb::AssignTicketRequest::default()
        };
        assign_ticket::handle(&desk.app, acme(by_hand)).await.expect("assigns");
        let error = desk.accept(&ticket, "agents/anna").await.expect_err("ben has it");
        assert_eq!((error.kind(), error.reason()), (Kind::Conflict, "GENERATION_CHANGED"));
        assert_eq!(desk.get(&ticket.name).await.assignee, "agents/ben");

        let solved = desk.ticket().await;
        desk.state(&solved, State::Solved).await.expect("solves");
        assert_eq!(desk.accept(&solved, "agents/anna").await.expect_err("done").reason(), "GENERATION_CHANGED");
    }

    /// VIP first, then the longest waiting; every page carries the same position; whoever follows from there misses nothing.
    async fn the_snapshot_and_the_feed_behind_it_give_the_queue(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut expected = Vec::new();
        for index in 0..7 {
            desk.wait(1);
            let vip = index % 3 == 2;
            let contact = pb::InboundContact {
                tier: if vip { "vip".into() } else { String::new() },
                ..mail(&format!("{index}@example.org"), &format!("<{index}>"))
            };
            expected.push((!vip, desk.record(vec![contact]).await[0].number));
        }
        expected.sort_unstable();
        let taken = desk.get("tickets/1").await;
        desk.accept(&taken, "agents/anna").await.expect("accepts");
        expected.retain(|(_, number)| *number != 1);

        let head = desk.events("acme").await.len() as i64;
        let mut queued = Vec::new();
        let mut page_token = String::new();
        let cursor = loop {
            let request = pb::ListQueuedTicketsRequest { page_size: 2, page_token };
            let page = list_queued_tickets::handle(&desk.app, acme(request)).await.expect("a page");
            assert_eq!(page.seq, head, "the position of the first page");
            queued.extend(page.tickets.iter().map(|ticket| ticket.number));
            if queued.len() == 2 {
                // What changes while the pages are read is behind the position.
                desk.record(vec![mail("late@example.org", "<late>")]).await;
                let last = desk.get("tickets/7").await;
                desk.accept(&last, "agents/anna").await.expect("accepts");
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break page.cursor;
            }
        };
        assert_eq!(queued, [3, 6, 2, 4, 5, 8], "7 was taken meanwhile, 8 came meanwhile");
        let expected: Vec<i64> = expected.into_iter().map(|(_, number)| number).collect();
        assert_eq!(expected, [3, 6, 2, 4, 5, 7]);

        let follow = feed::FollowRequest { cursor, ..feed::FollowRequest::default() };
        let mut stream = follow::handle(&desk.app, acme(follow)).await.expect("follows");
        let batch = decoded(futures::StreamExt::next(&mut stream).await.expect("something").expect("no error"));
        let kinds: Vec<String> = batch.events.iter().map(|event| event.head.clone().expect("a head").r#type).collect();
        assert_eq!(kinds, ["customer_created", "ticket_created", "message_created", "ticket_assigned"]);
        assert_eq!(batch.events[0].head.as_ref().expect("a head").seq, head + 1);
        let get_head = get_head::handle(&desk.app, acme(feed::GetHeadRequest {})).await.expect("a head");
        assert_eq!(get_head.seq, head + 4);
    }

    async fn only_a_credential_for_all_tenants_lists_them(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.ticket().await;
        let contacts = vec![mail("mara@example.org", "<1>")];
        let theirs = by(Tenant::One("zebra".into()), pb::RecordContactsRequest { contacts });
        record_contacts::handle(&desk.app, theirs).await.expect("recorded");
        let all = list_tenants::handle(&desk.app, by(Tenant::All, pb::ListTenantsRequest {})).await.expect("all");
        assert_eq!(all.tenants, ["acme", "zebra"]);
        assert!(list_tenants::handle(&desk.app, acme(pb::ListTenantsRequest {})).await.is_err());
    }
}
