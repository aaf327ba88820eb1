//! What a follower gets.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::future::BoxFuture;
use vorrang_api::feed::v1::{FollowRequest, StartPoint, TenantCursor};
use vorrang_database::event_log::{self, NewEvent, StoredEvent};
use vorrang_error::Error;
use vorrang_feed::{Opener, Tenancy};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Batches, acme, after, append, append_events, event, from, migrated, noon, serve, subjects};

both_engines! {
    async fn a_filter_leaves_out_and_the_cursor_moves_on(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["tickets/1", "tickets/2", "customers/1", "tickets/1", "tickets/3"]).await;
        let filtered = |filter: &str| FollowRequest { filter: filter.to_owned(), ..from(StartPoint::Beginning) };
        for (filter, wanted) in [
            ("", vec![1, 2, 3, 4, 5]),
            ("subject = tickets/1", vec![1, 4]),
            ("subject = \"tickets/*\" AND seq > 1", vec![2, 4, 5]),
            ("type = ticket_updated", vec![]),
            ("actor.kind = AGENT OR seq = 1", vec![1, 2, 3, 4, 5]),
        ] {
            let mut stream = Batches::open(&served.feed, acme(), filtered(filter)).await;
            let batch = stream.next().await;
            assert_eq!(batch.events.iter().map(|event| event.seq).collect::<Vec<_>>(), wanted, "{filter}");
            assert!(batch.caught_up);
            assert_eq!(batch.cursor, served.feed.cursor("acme", 5).await.expect("reads"), "{filter}");
            append(&db, "other", &["tickets/1"]).await;
        }
        // Over all tenants, too, and together with types.
        let request = FollowRequest { types: vec!["ticket_created".to_owned()], ..filtered("subject = customers/1") };
        let batch = Batches::open(&served.feed, Tenancy::All, request).await.events().await;
        assert_eq!((batch.tenant.as_str(), subjects(&batch)), ("acme", vec!["customers/1"]));
        let error = served.feed.follow(acme(), filtered("subjekt = x")).await.err().expect("refused");
        let violation = error.violations().first().expect("named");
        assert_eq!(violation.field, "filter");
        assert!(violation.description.contains("at character 1"), "{}", violation.description);
    }

    /// What an owner does to its events is done to those that go out, and to no others.
    async fn an_opener_sees_what_is_wanted(db: TestDatabase) {
        struct Shout;
        impl Opener for Shout {
            fn open<'a>(&'a self, tenant: &'a str, events: Vec<StoredEvent>) -> BoxFuture<'a, Result<Vec<StoredEvent>, Error>> {
                Box::pin(async move {
                    assert_eq!(tenant, "acme");
                    let loud = |event: StoredEvent| StoredEvent { payload: event.subject.to_uppercase().into_bytes(), ..event };
                    Ok(events.into_iter().map(loud).collect())
                })
            }
        }
        let db = migrated(db.url()).await;
        append(&db, "acme", &["a", "b"]).await;
        let served = serve(&db);
        let feed = served.feed.clone().with_opener(Arc::new(Shout));
        let request = FollowRequest { filter: "subject = b".to_owned(), ..from(StartPoint::Beginning) };
        let batch = Batches::open(&feed, acme(), request).await.next().await;
        assert_eq!(batch.events.iter().map(|event| event.payload.as_slice()).collect::<Vec<_>>(), [b"B"]);
    }

    async fn the_beginning_then_what_is_committed(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["a", "b"]).await;
        append(&db, "globex", &["not mine"]).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let first = stream.next().await;
        assert_eq!(subjects(&first), ["a", "b"]);
        assert_eq!((first.tenant.as_str(), first.caught_up, first.as_of), ("acme", true, noon()));
        append(&db, "acme", &["c"]).await;
        let second = stream.next().await;
        assert_eq!(subjects(&second), ["c"]);
        assert_eq!(second.events[0].seq, 3);
    }

    async fn now_means_from_the_call_on(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["before"]).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Now)).await;
        let here = stream.next().await;
        assert_eq!((here.events.len(), here.caught_up), (0, true));
        append(&db, "acme", &["after"]).await;
        assert_eq!(subjects(&stream.events().await), ["after"]);
        let again = Batches::open(&served.feed, acme(), after(&here.cursor)).await.events().await;
        assert_eq!(subjects(&again), ["after"], "its cursor is a place to go on from");
    }

    async fn every_cursor_is_a_place_to_go_on_from(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let names: Vec<String> = (1..=1_203).map(|index| format!("tickets/{index}")).collect();
        append_events(&db, "acme", names.iter().map(|name| event(name)).collect()).await;
        let mut request = from(StartPoint::Beginning);
        let mut seen = Vec::new();
        let mut batches = 0;
        while seen.len() < names.len() {
            let mut stream = Batches::open(&served.feed, acme(), request).await;
            let batch = stream.next().await;
            assert!(batch.events.len() <= 500);
            seen.extend(batch.events.iter().map(|event| event.subject.clone()));
            assert_eq!(batch.caught_up, seen.len() == names.len());
            request = after(&batch.cursor);
            batches += 1;
        }
        assert_eq!(seen, names);
        assert_eq!(batches, 3);
        let mut stream = Batches::open(&served.feed, acme(), request).await;
        assert_eq!(stream.next().await.events.len(), 0, "nothing twice");
    }

    async fn a_batch_stays_under_a_megabyte(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let large = || NewEvent { payload: vec![0; 400 << 10], ..event("large") };
        append_events(&db, "acme", vec![large(), large(), large(), large(), large()]).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let mut sizes = Vec::new();
        while sizes.iter().sum::<usize>() < 5 {
            sizes.push(stream.next().await.events.len());
        }
        assert_eq!(sizes, [2, 2, 1]);
    }

    async fn cursors_move_over_types_that_are_left_out(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let kind = |kind: &str| NewEvent { kind: kind.to_owned(), ..event(kind) };
        append_events(&db, "acme", vec![kind("ticket_updated"), kind("ticket_assigned"), kind("ticket_updated")]).await;
        let request = FollowRequest { types: vec!["ticket_assigned".to_owned()], ..from(StartPoint::Beginning) };
        let mut stream = Batches::open(&served.feed, acme(), request).await;
        let batch = stream.next().await;
        assert_eq!(subjects(&batch), ["ticket_assigned"]);
        append_events(&db, "acme", vec![kind("ticket_updated")]).await;
        let moved = stream.next().await;
        assert_eq!((moved.events.len(), moved.caught_up), (0, true));
        append(&db, "acme", &["next"]).await;
        let rest = Batches::open(&served.feed, acme(), after(&moved.cursor)).await.next().await;
        assert_eq!(subjects(&rest), ["next"], "what was left out is behind the cursor");
    }

    async fn silence_is_told_apart_from_being_stuck(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let empty = stream.next().await;
        assert_eq!((empty.events.len(), empty.caught_up, empty.as_of), (0, true, noon()));
        served.clock.advance(TimeDelta::seconds(7));
        let heartbeat = stream.next().await;
        assert_eq!((heartbeat.events.len(), heartbeat.caught_up), (0, true));
        assert_eq!(heartbeat.as_of, noon() + TimeDelta::seconds(7));
        assert_eq!(heartbeat.cursor, empty.cursor);
    }

    async fn one_stream_over_all_tenants_takes_up_new_ones(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let mut empty = Batches::open(&served.feed, Tenancy::All, from(StartPoint::Beginning)).await;
        let nothing = empty.next().await;
        assert_eq!((nothing.tenant.as_str(), nothing.cursor.as_str(), nothing.caught_up), ("", "", true));
        drop(empty);
        append(&db, "acme", &["a1", "a2"]).await;
        append(&db, "globex", &["g1"]).await;
        let mut stream = Batches::open(&served.feed, Tenancy::All, from(StartPoint::Beginning)).await;
        let mut both = [stream.next().await, stream.next().await];
        both.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        assert_eq!((both[0].tenant.as_str(), subjects(&both[0])), ("acme", vec!["a1", "a2"]));
        assert_eq!((both[1].tenant.as_str(), subjects(&both[1])), ("globex", vec!["g1"]));
        let all = stream.next().await;
        assert_eq!((all.tenant.as_str(), all.caught_up), ("", true));
        append(&db, "initech", &["i1"]).await;
        let new = stream.events().await;
        assert_eq!((new.tenant.as_str(), subjects(&new)), ("initech", vec!["i1"]));

        // Each tenant goes on after its own cursor; one without starts where `start` says.
        append(&db, "acme", &["a3"]).await;
        let named = |tenant: &str, cursor: &str| TenantCursor { tenant: tenant.to_owned(), cursor: cursor.to_owned() };
        let request = FollowRequest {
            tenant_cursors: vec![named("acme", &both[0].cursor), named("initech", &new.cursor)],
            ..from(StartPoint::Beginning)
        };
        let mut stream = Batches::open(&served.feed, Tenancy::All, request).await;
        let mut rest = [stream.next().await, stream.next().await];
        rest.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        assert_eq!((rest[0].tenant.as_str(), subjects(&rest[0])), ("acme", vec!["a3"]));
        assert_eq!((rest[1].tenant.as_str(), subjects(&rest[1])), ("globex", vec!["g1"]));
        assert_eq!(stream.next().await.tenant, "", "initech has nothing new");
    }

    async fn now_over_all_tenants_has_new_tenants_whole(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["old"]).await;
        let mut stream = Batches::open(&served.feed, Tenancy::All, from(StartPoint::Now)).await;
        assert_eq!(stream.next().await.tenant, "");
        append(&db, "globex", &["new"]).await;
        let batch = stream.events().await;
        assert_eq!((batch.tenant.as_str(), subjects(&batch)), ("globex", vec!["new"]));
    }

    /// 3,000 events of one tenant do not keep one event of another waiting until they are through.
    async fn a_busy_tenant_does_not_hold_up_the_others(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append_events(&db, "busy", (0..3_000).map(|_| event("x")).collect()).await;
        append(&db, "quiet", &["y"]).await;
        let mut stream = Batches::open(&served.feed, Tenancy::All, from(StartPoint::Beginning)).await;
        let first_two = [stream.next().await.tenant, stream.next().await.tenant];
        assert!(first_two.contains(&"quiet".to_owned()), "{first_two:?}");
    }

    async fn the_head_is_a_cursor_like_now(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        assert_eq!(served.feed.get_head("acme").await.expect("reads").seq, 0);
        append(&db, "acme", &["a", "b"]).await;
        let head = served.feed.get_head("acme").await.expect("reads");
        assert_eq!(head.seq, 2);
        assert_eq!(served.feed.cursor("acme", 2).await.expect("reads"), head.cursor);
        append(&db, "acme", &["c"]).await;
        let batch = Batches::open(&served.feed, acme(), after(&head.cursor)).await.next().await;
        assert_eq!(subjects(&batch), ["c"]);
    }

    async fn a_stopping_server_ends_its_streams_with_a_reason(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let last = stream.next().await;
        served.shutdown.cancel();
        assert_eq!(stream.error().await.reason(), "SHUTTING_DOWN");
        append(&db, "acme", &["later"]).await;
        let next_server = serve(&db);
        let batch = Batches::open(&next_server.feed, acme(), after(&last.cursor)).await.next().await;
        assert_eq!(subjects(&batch), ["later"]);
    }
}

/// The doorbell does not reach other processes.
#[test]
fn on_postgres_commits_of_another_process_are_found() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = migrated(server.url()).await;
        let other = migrated(server.url()).await;
        let served = serve(&db);
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        assert!(stream.next().await.events.is_empty());
        append(&other, "acme", &["from elsewhere"]).await;
        assert_eq!(subjects(&stream.next().await), ["from elsewhere"]);
        assert_eq!(event_log::head(other.reader(), "acme").await.expect("reads"), 1);
    });
}
