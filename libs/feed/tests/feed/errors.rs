//! Everything that a request can have wrong.

use vorrang_api::feed::v1::{FollowRequest, StartPoint, TenantCursor};
use vorrang_database::event_log;
use vorrang_error::{Error, Kind};
use vorrang_feed::{Feed, Owner, Tenancy};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Batches, KEY, acme, after, append, from, migrated, serve, subjects};

async fn refused(feed: &Feed, tenancy: Tenancy, request: FollowRequest) -> Error {
    match feed.follow(tenancy, request).await {
        Ok(_) => panic!("should have been refused"),
        Err(error) => error,
    }
}

fn fields(error: &Error) -> Vec<&str> {
    error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect()
}

both_engines! {
    async fn requests_that_make_no_sense_name_every_field(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let cursor = served.feed.cursor("acme", 0).await.expect("reads");
        let named = TenantCursor { tenant: "acme".to_owned(), cursor: cursor.clone() };
        let feed = &served.feed;

        assert_eq!(fields(&refused(feed, acme(), FollowRequest::default()).await), ["start"]);
        let both = FollowRequest { cursor: cursor.clone(), ..from(StartPoint::Now) };
        assert_eq!(fields(&refused(feed, acme(), both).await), ["start"]);
        let all_wrong = FollowRequest {
            start: 77,
            types: vec!["x".to_owned(); 101],
            tenant_cursors: vec![named.clone()],
            ..FollowRequest::default()
        };
        let error = refused(feed, acme(), all_wrong).await;
        assert_eq!(error.kind(), Kind::Invalid);
        assert_eq!(fields(&error), ["start", "types", "tenant_cursors", "start"]);
        let unknown = FollowRequest {
            types: ["ticket_created", "offer_made", "", "TicketCreated"].map(str::to_owned).into(),
            ..from(StartPoint::Now)
        };
        assert_eq!(fields(&refused(feed, acme(), unknown).await), ["types[1]", "types[2]", "types[3]"]);
        let twice = FollowRequest {
            cursor,
            tenant_cursors: vec![named.clone(), named],
            ..FollowRequest::default()
        };
        assert_eq!(fields(&refused(feed, Tenancy::All, twice).await), ["cursor", "start", "tenant_cursors[1].tenant"]);
    }

    async fn a_cursor_of_another_tenant_or_feed_is_refused(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let globex = served.feed.cursor("globex", 0).await.expect("reads");
        for cursor in [globex.as_str(), "rubbish", &globex[1..]] {
            let error = refused(&served.feed, acme(), after(cursor)).await;
            assert_eq!((error.kind(), error.reason()), (Kind::Invalid, "CURSOR_INVALID"));
            let named = TenantCursor { tenant: "acme".to_owned(), cursor: cursor.to_owned() };
            let request = FollowRequest { tenant_cursors: vec![named], ..from(StartPoint::Beginning) };
            assert_eq!(refused(&served.feed, Tenancy::All, request).await.reason(), "CURSOR_INVALID");
        }
    }

    /// Also when both use the same key, as all services of a suite do.
    async fn a_cursor_of_another_owner_is_refused_as_such(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let routing = Feed::new(Owner::Routing, db.clone(), KEY, served.clock.shared());
        let theirs = routing.cursor("acme", 0).await.expect("reads");
        let error = refused(&served.feed, acme(), after(&theirs)).await;
        assert_eq!((error.kind(), error.reason()), (Kind::Invalid, "CURSOR_INVALID"));
    }

    async fn a_cursor_from_the_future_is_refused(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a"]).await;
        let cursor = served.feed.cursor("acme", 2).await.expect("reads");
        let error = refused(&served.feed, acme(), after(&cursor)).await;
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "CURSOR_AHEAD"));
    }

    async fn a_cursor_older_than_retention_gets_the_oldest_one_left(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b", "c", "d"]).await;
        let cursor = served.feed.cursor("acme", 1).await.expect("reads");
        let mut tx = db.begin().await.expect("begins");
        event_log::trim(&mut tx, "acme", 2).await.expect("trims");
        tx.commit().await.expect("commits");
        let error = refused(&served.feed, acme(), after(&cursor)).await;
        assert_eq!((error.kind(), error.reason()), (Kind::OutOfRange, "CURSOR_TOO_OLD"));
        let oldest = error.metadata().iter().find(|(key, _)| *key == "oldest_cursor").expect("says where").1.clone();
        let batch = Batches::open(&served.feed, acme(), after(&oldest)).await.next().await;
        assert_eq!(subjects(&batch), ["c", "d"]);
        let beginning = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(subjects(&beginning), ["c", "d"], "the beginning is the oldest event kept");
    }

    /// Retention overtakes a stream that is being read.
    async fn a_follower_too_slow_for_retention_is_told(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let names: Vec<String> = (0..1_600).map(|index| index.to_string()).collect();
        append(&db, "acme", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        assert_eq!(stream.next().await.events.len(), 500);
        let mut tx = db.begin().await.expect("begins");
        event_log::trim(&mut tx, "acme", 1_050).await.expect("trims");
        tx.commit().await.expect("commits");
        // One batch may have been read before: it is whole then.
        let error = match stream.result().await {
            Ok(batch) => {
                assert!(batch.events.iter().map(|event| event.seq).eq(501..=1_000));
                stream.error().await
            }
            Err(error) => error,
        };
        assert_eq!(error.reason(), "CURSOR_TOO_OLD");
    }

    async fn a_new_epoch_is_told_to_open_streams_and_old_cursors(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a"]).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let batch = stream.next().await;
        event_log::renew_epoch(&db).await.expect("writes");
        append(&db, "acme", &["b"]).await;
        assert_eq!(stream.error().await.reason(), "EPOCH_CHANGED");
        let error = refused(&served.feed, acme(), after(&batch.cursor)).await;
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "EPOCH_CHANGED"));
        let again = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(subjects(&again), ["a", "b"]);
    }

    /// A hole cannot come from commits; if the table was tampered with, the log says so instead of skipping.
    async fn a_hole_stops_the_stream(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b", "c"]).await;
        let tx = db.begin().await.expect("begins");
        sea_orm::ConnectionTrait::execute_unprepared(tx.conn(), "DELETE FROM events WHERE seq = 2").await.expect("tampers");
        tx.commit().await.expect("commits");
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let error = stream.error().await;
        assert_eq!(error.kind(), Kind::Internal);
        assert!(error.message().contains("hole after position 0"), "{error}");
    }
}
