//! Spam, deletion, restoring.

use pb::ticket::{Disposition, State};
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

fn mark(ticket: &pb::Ticket, disposition: Disposition) -> pb::MarkTicketRequest {
    pb::MarkTicketRequest {
        name: ticket.name.clone(),
        disposition: disposition.into(),
        agent: "agents/anna".into(),
        ..pb::MarkTicketRequest::default()
    }
}

both_engines! {
    /// It leaves the queue with the mark, takes what is written and wakes nobody, and waits anew when restored.
    async fn spam_is_out_of_the_queue_until_it_is_restored(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let results = desk.record(vec![mail("mara@example.org", "<1>")]).await;
        let ticket = desk.get(&results[0].ticket).await;
        assert_eq!(ticket.disposition(), Disposition::Normal);
        let waiting = async || {
            let queued = list_queued_tickets::handle(&desk.app, acme(pb::ListQueuedTicketsRequest::default())).await;
            queued.expect("a page").tickets.len()
        };
        assert_eq!(waiting().await, 1);
        let before = desk.kinds(0).await.len();
        let spam = mark_ticket::handle(&desk.app, acme(mark(&ticket, Disposition::Spam))).await.expect("marks");
        assert_eq!((spam.disposition(), spam.queue_entered_at), (Disposition::Spam, None));
        assert_eq!(waiting().await, 0);
        let again = mark_ticket::handle(&desk.app, acme(mark(&ticket, Disposition::Spam))).await.expect("still");
        assert_eq!(again, spam);

        let error = desk.state(&ticket, State::Solved).await.expect_err("restore it first");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TICKET_SET_ASIDE"));
        let request = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(agents_message("Hello")),
            ..pb::CreateMessageRequest::default()
        };
        let error = create_message::handle(&desk.app, acme(request)).await.expect_err("restore it first");
        assert_eq!(error.reason(), "TICKET_SET_ASIDE");
        let mut more = mail("mara@example.org", "<2>");
        more.reference_keys = vec!["mail:<1>".into()];
        let results = desk.record(vec![more]).await;
        assert_eq!(results[0].ticket, ticket.name);
        assert_eq!(waiting().await, 0);

        desk.wait(60);
        let restore = pb::RestoreTicketRequest { name: ticket.name.clone(), ..pb::RestoreTicketRequest::default() };
        let restored = restore_ticket::handle(&desk.app, acme(restore)).await.expect("restores");
        assert_eq!(restored.disposition(), Disposition::Normal);
        let entered = restored.queue_entered_at.as_ref().map(|at| at.seconds);
        assert_eq!(entered, Some(START + 60));
        assert_eq!(waiting().await, 1);
        let told = ["ticket_disposition_changed", "message_created", "ticket_disposition_changed", "ticket_queued"];
        assert_eq!(desk.kinds(before).await, told);
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::TicketDispositionChanged(event)) = &events[before].payload else {
            panic!("{events:?}")
        };
        assert_eq!(event.previous_disposition(), Disposition::Normal);
        assert_eq!(event.ticket.as_ref(), Some(&spam));
        let who = events[before].head.as_ref().and_then(|head| head.actor.as_ref()).expect("somebody");
        assert_eq!(who.id, "agents/anna");
    }

    async fn bad_marks_are_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        for disposition in [Disposition::Unspecified, Disposition::Normal] {
            let error = mark_ticket::handle(&desk.app, acme(mark(&ticket, disposition))).await.expect_err("no mark");
            assert_eq!(error.violations()[0].field, "disposition");
        }
        let unknown = pb::MarkTicketRequest { disposition: 99, name: "tickets/x".into(), ..Default::default() };
        let error = mark_ticket::handle(&desk.app, acme(unknown)).await.expect_err("two mistakes");
        assert_eq!(error.violations().len(), 2);
        let stale = pb::MarkTicketRequest { etag: "\"9\"".into(), ..mark(&ticket, Disposition::Deleted) };
        let error = mark_ticket::handle(&desk.app, acme(stale)).await.expect_err("stale");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let theirs = by(Tenant::One("other".into()), mark(&ticket, Disposition::Deleted));
        let error = mark_ticket::handle(&desk.app, theirs).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
        assert_eq!(desk.get(&ticket.name).await, ticket, "nothing happened");
    }
}
