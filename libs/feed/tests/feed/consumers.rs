//! Named consumers: their position is kept, moves forwards, and says how far they are behind.

use chrono::TimeDelta;
use vorrang_api::feed::v1::consumer::State;
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, FollowRequest, GetConsumerRequest, StartPoint,
};
use vorrang_api::from_duration;
use vorrang_database::event_log;
use vorrang_error::{Error, Kind};
use vorrang_feed::{CONSUMERS_MAX, Feed, Tenancy};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Batches, acme, append, append_at, event, from, migrated, noon, serve, subjects};

async fn commit(feed: &Feed, name: &str, cursor: &str, rewind: bool) -> Result<Consumer, Error> {
    let request = CommitCursorRequest {
        name: name.to_owned(),
        cursor: cursor.to_owned(),
        rewind,
    };
    feed.commit_cursor("acme", request).await
}

async fn get(feed: &Feed, name: &str) -> Result<Consumer, Error> {
    let request = GetConsumerRequest { name: name.to_owned() };
    feed.get_consumer("acme", request).await
}

fn as_bi() -> FollowRequest {
    FollowRequest {
        consumer: "consumers/bi".to_owned(),
        ..FollowRequest::default()
    }
}

both_engines! {
    async fn following_goes_on_after_what_was_committed(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b", "c"]).await;
        let unknown = served.feed.follow(acme(), as_bi()).await.err().expect("nothing is committed");
        assert_eq!(unknown.kind(), Kind::NotFound);

        // While nothing is committed `start` decides, and following commits nothing.
        let request = FollowRequest { start: StartPoint::Beginning.into(), ..as_bi() };
        for _ in 0..2 {
            let batch = Batches::open(&served.feed, acme(), request.clone()).await.next().await;
            assert_eq!(subjects(&batch), ["a", "b", "c"]);
        }
        let middle = served.feed.cursor("acme", 2).await.expect("reads");
        let consumer = commit(&served.feed, "consumers/bi", &middle, false).await.expect("commits");
        assert_eq!((consumer.name.as_str(), consumer.seq, consumer.lag_events), ("consumers/bi", 2, 1));
        for request in [as_bi(), request] {
            let batch = Batches::open(&served.feed, acme(), request).await.next().await;
            assert_eq!(subjects(&batch), ["c"]);
        }
        // Its own cursor is a cursor like any other.
        let request = FollowRequest { cursor: consumer.cursor, ..FollowRequest::default() };
        assert_eq!(subjects(&Batches::open(&served.feed, acme(), request).await.next().await), ["c"]);
    }

    async fn a_position_goes_back_only_when_asked(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b", "c"]).await;
        let mut cursors = Vec::new();
        for seq in 0..=3 {
            cursors.push(served.feed.cursor("acme", seq).await.expect("reads"));
        }
        commit(&served.feed, "consumers/bi", &cursors[2], false).await.expect("commits");
        commit(&served.feed, "consumers/bi", &cursors[2], false).await.expect("a repeat is harmless");
        let error = commit(&served.feed, "consumers/bi", &cursors[1], false).await.expect_err("backwards");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "CURSOR_BACKWARDS"));
        assert!(error.metadata().contains(&("committed_cursor", cursors[2].clone())));
        assert_eq!(get(&served.feed, "consumers/bi").await.expect("reads").seq, 2, "nothing has moved");
        let back = commit(&served.feed, "consumers/bi", &cursors[0], true).await.expect("rewinds");
        assert_eq!((back.seq, back.lag_events), (0, 3));
        let forward = commit(&served.feed, "consumers/bi", &cursors[3], true).await.expect("forwards too");
        assert_eq!((forward.seq, forward.lag_events, forward.lag), (3, 0, Some(vorrang_api::duration(TimeDelta::zero()))));
    }

    async fn how_far_behind_is_told_in_events_and_in_time(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a"]).await;
        append_at(&db, "acme", noon() + TimeDelta::seconds(5), vec![event("b"), event("c")]).await;
        let first = served.feed.cursor("acme", 1).await.expect("reads");
        commit(&served.feed, "consumers/bi", &first, false).await.expect("commits");
        served.clock.advance(TimeDelta::seconds(65));
        let consumer = get(&served.feed, "consumers/bi").await.expect("reads");
        let lag = consumer.lag.as_ref().and_then(from_duration);
        assert_eq!((consumer.lag_events, lag), (2, Some(TimeDelta::seconds(60))));
        assert_eq!(consumer.state(), State::Ready);
        let (events, oldest) = event_log::furthest_behind(&db).await.expect("reads");
        assert_eq!((events, oldest), (2, Some(noon() + TimeDelta::seconds(5))));
    }

    async fn a_cursor_that_the_log_does_not_have_is_not_committed(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b", "c"]).await;
        let cursor = async |seq| served.feed.cursor("acme", seq).await.expect("reads");
        let theirs = served.feed.cursor("globex", 0).await.expect("reads");
        let (first, third, late) = (cursor(1).await, cursor(3).await, cursor(9).await);
        commit(&served.feed, "consumers/bi", &third, false).await.expect("commits");
        let mut tx = db.begin().await.expect("begins");
        event_log::trim(&mut tx, "acme", 2).await.expect("trims");
        tx.commit().await.expect("commits");
        let refused = async |cursor: &str| commit(&served.feed, "consumers/bi", cursor, true).await.expect_err("refused");
        assert_eq!(refused(&theirs).await.reason(), "CURSOR_INVALID");
        assert_eq!(refused("rubbish").await.reason(), "CURSOR_INVALID");
        assert_eq!(refused(&first).await.reason(), "CURSOR_TOO_OLD");
        let fields = |error: Error| -> Vec<String> {
            error.violations().iter().map(|violation| violation.field.clone()).collect()
        };
        assert_eq!(fields(commit(&served.feed, "bi", "", false).await.expect_err("refused")), ["name", "cursor"]);
        // A cursor from the future proves that the log lost something: that ends the epoch for everybody.
        assert_eq!(refused(&late).await.reason(), "CURSOR_AHEAD");
        assert_eq!(refused(&third).await.reason(), "EPOCH_CHANGED");
        let consumer = get(&served.feed, "consumers/bi").await.expect("reads");
        assert_eq!((consumer.seq, consumer.state()), (3, State::EpochChanged));
        let error = served.feed.follow(acme(), as_bi()).await.err().expect("it must rebuild");
        assert_eq!(error.reason(), "EPOCH_CHANGED");
        // Rebuilt: a cursor of the present epoch takes the place of the old one, wherever it stands.
        let head = served.feed.get_head("acme").await.expect("reads").cursor;
        let consumer = commit(&served.feed, "consumers/bi", &head, false).await.expect("commits");
        assert_eq!(consumer.state(), State::Ready);
    }

    async fn consumers_are_listed_and_forgotten(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a"]).await;
        append(&db, "globex", &["a"]).await;
        let cursor = served.feed.cursor("acme", 1).await.expect("reads");
        for name in ["consumers/c", "consumers/a", "consumers/b"] {
            commit(&served.feed, name, &cursor, false).await.expect("commits");
        }
        let list = async |tenant: &str, after: Option<&str>| -> Vec<String> {
            let listed = served.feed.consumers(tenant, after, 2).await.expect("lists");
            listed.into_iter().map(|consumer| consumer.name).collect()
        };
        assert_eq!(list("acme", None).await, ["consumers/a", "consumers/b"]);
        assert_eq!(list("acme", Some("consumers/b")).await, ["consumers/c"]);
        assert!(list("globex", None).await.is_empty());
        let delete = async |tenant: &str, request_id: &str, hash: u8| {
            let request = DeleteConsumerRequest { name: "consumers/b".to_owned(), request_id: request_id.to_owned() };
            served.feed.delete_consumer(tenant, [hash; 32], request).await
        };
        assert_eq!(delete("globex", "", 1).await.expect_err("not theirs").kind(), Kind::NotFound);
        delete("acme", "once", 1).await.expect("forgets");
        delete("acme", "once", 1).await.expect("a repeat gets the first answer");
        assert_eq!(delete("acme", "once", 2).await.expect_err("another request").reason(), "REQUEST_ID_REUSED");
        assert_eq!(delete("acme", "", 1).await.expect_err("gone").kind(), Kind::NotFound);
        assert_eq!(list("acme", None).await, ["consumers/a", "consumers/c"]);
    }

    async fn a_tenant_has_so_many_consumers_and_no_more(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a"]).await;
        let cursor = served.feed.cursor("acme", 1).await.expect("reads");
        for index in 0..CONSUMERS_MAX {
            commit(&served.feed, &format!("consumers/{index}"), &cursor, false).await.expect("commits");
        }
        let error = commit(&served.feed, "consumers/one-more", &cursor, false).await.expect_err("too many");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TOO_MANY_CONSUMERS"));
        commit(&served.feed, "consumers/7", &cursor, false).await.expect("those that are there go on");
    }

    async fn requests_that_make_no_sense_name_the_field(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let cursor = served.feed.cursor("acme", 0).await.expect("reads");
        let field = async |tenancy, request| {
            let error = served.feed.follow(tenancy, request).await.err().expect("refused");
            error.violations().first().expect("names it").field.clone()
        };
        assert_eq!(field(acme(), FollowRequest { cursor, ..as_bi() }).await, "consumer");
        assert_eq!(field(acme(), FollowRequest { consumer: "bi".to_owned(), ..FollowRequest::default() }).await, "consumer");
        let all = FollowRequest { consumer: "consumers/bi".to_owned(), ..from(StartPoint::Beginning) };
        assert_eq!(field(Tenancy::All, all).await, "consumer");
    }
}
