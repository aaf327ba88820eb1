//! The feed as integrators use it: filtered by what tickets are, with a named consumer that goes on where it committed.

use futures::StreamExt as _;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

/// The first answer of a stream, decoded as a client decodes it: what is there already needs no watcher.
async fn first(desk: &Fixture, request: feed::FollowRequest) -> pb::FollowResponse {
    let mut stream = follow::handle(&desk.app, acme(request)).await.expect("follows");
    decoded(stream.next().await.expect("goes on").expect("an answer"))
}

fn from_beginning(filter: &str) -> feed::FollowRequest {
    feed::FollowRequest {
        start: feed::StartPoint::Beginning.into(),
        filter: filter.into(),
        ..feed::FollowRequest::default()
    }
}

fn types(response: &pb::FollowResponse) -> Vec<&str> {
    let heads = response.events.iter().filter_map(|event| event.head.as_ref());
    heads.map(|head| head.r#type.as_str()).collect()
}

both_engines! {
    /// What goes out is the whole event, personal parts opened, and each message in it once.
    async fn events_go_out_whole_and_can_be_filtered_by_their_ticket(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first_ticket = desk.ticket().await;
        desk.ticket().await;
        desk.state(&first_ticket, pb::ticket::State::Solved).await.expect("solves");

        let all = first(&desk, from_beginning("")).await;
        assert_eq!(all.events, desk.events("acme").await);
        let wanted = format!("subject = {} AND ticket.state = SOLVED", first_ticket.name);
        let solved = first(&desk, from_beginning(&wanted)).await;
        assert_eq!(types(&solved), ["ticket_state_changed"]);
        let Some(pb::event::Payload::TicketStateChanged(changed)) = &solved.events[0].payload else { panic!("{solved:?}") };
        assert_eq!(changed.ticket.as_ref().expect("with its ticket").subject, "Help");
        assert_eq!(solved.cursor, all.cursor, "the cursor is past what was left out");
        let created = first(&desk, from_beginning("type = (ticket_created OR customer_created) -ticket.queue = vip")).await;
        assert_eq!(types(&created), ["customer_created", "ticket_created", "customer_created", "ticket_created"]);
        let error = follow::handle(&desk.app, acme(from_beginning("ticket.subject = Help"))).await.err().expect("refused");
        assert_eq!(error.violations()[0].field, "filter");
    }

    async fn a_named_consumer_goes_on_where_it_committed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.ticket().await;
        let seen = first(&desk, from_beginning("")).await;
        let name = "consumers/warehouse".to_owned();
        let commit = feed::CommitCursorRequest { name: name.clone(), cursor: seen.cursor, ..feed::CommitCursorRequest::default() };
        let committed = commit_cursor::handle(&desk.app, acme(commit.clone())).await.expect("commits");
        assert_eq!((committed.seq, committed.lag_events), (2, 0));
        desk.ticket().await;
        desk.wait(30);
        let get = feed::GetConsumerRequest { name: name.clone() };
        let consumer = get_consumer::handle(&desk.app, acme(get.clone())).await.expect("reads");
        let lag = consumer.lag.as_ref().and_then(vorrang_api::from_duration);
        assert_eq!((consumer.lag_events, lag), (2, Some(chrono::TimeDelta::seconds(30))));
        let request = feed::FollowRequest { consumer: name.clone(), ..feed::FollowRequest::default() };
        assert_eq!(types(&first(&desk, request).await), ["customer_created", "ticket_created"]);

        let list = feed::ListConsumersRequest::default();
        let listed = list_consumers::handle(&desk.app, acme(list.clone())).await.expect("lists");
        assert_eq!((listed.consumers, listed.next_page_token.as_str()), (vec![consumer], ""));
        // Another tenant has neither the consumer nor the cursor.
        let other = || Tenant::One("other".into());
        assert!(list_consumers::handle(&desk.app, by(other(), list)).await.expect("lists").consumers.is_empty());
        assert_eq!(get_consumer::handle(&desk.app, by(other(), get)).await.expect_err("not theirs").kind(), Kind::NotFound);
        assert_eq!(commit_cursor::handle(&desk.app, by(other(), commit)).await.expect_err("not theirs").reason(), "CURSOR_INVALID");
        let delete = feed::DeleteConsumerRequest { name, ..feed::DeleteConsumerRequest::default() };
        assert_eq!(delete_consumer::handle(&desk.app, by(other(), delete.clone())).await.expect_err("not theirs").kind(), Kind::NotFound);
        delete_consumer::handle(&desk.app, acme(delete)).await.expect("forgets");
    }

    async fn consumers_are_paged(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.ticket().await;
        let cursor = desk.app.feed.cursor("acme", 1).await.expect("reads");
        for name in ["a", "b", "c", "d", "e"] {
            let request = feed::CommitCursorRequest { name: format!("consumers/{name}"), cursor: cursor.clone(), ..feed::CommitCursorRequest::default() };
            commit_cursor::handle(&desk.app, acme(request)).await.expect("commits");
        }
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = feed::ListConsumersRequest { page_size: 2, page_token };
            let page = list_consumers::handle(&desk.app, acme(request)).await.expect("a page");
            names.extend(page.consumers.into_iter().map(|consumer| consumer.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["consumers/a", "consumers/b", "consumers/c", "consumers/d", "consumers/e"]);
    }
}
