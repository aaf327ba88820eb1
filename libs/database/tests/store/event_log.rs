//! Dense, in commit order, whatever happens around it.

use sea_orm::ConnectionTrait;
use vorrang_database::{Database, event_log};
use vorrang_error::Kind;
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, wait_until};

use crate::support::{append, at, event, log, migrated, text};

both_engines! {
    async fn events_come_back_as_they_were_appended(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let events: Vec<_> = ["tickets/a", "tickets/b", "tickets/c"].map(event).into();
        assert_eq!(append(&db, "acme", events.clone()).await.expect("appends"), 3);
        let stored = log(&db, "acme").await;
        assert_eq!(stored.len(), 3);
        for (index, (stored, new)) in stored.into_iter().zip(events).enumerate() {
            assert_eq!(stored.seq, 1 + i64::try_from(index).expect("small"));
            assert_eq!(stored.tenant, "acme");
            assert_eq!(stored.recorded_at, at(0));
            let back = event_log::NewEvent {
                id: stored.id,
                kind: stored.kind,
                subject: stored.subject,
                occurred_at: stored.occurred_at,
                actor_kind: stored.actor_kind,
                actor_id: stored.actor_id,
                trace_parent: stored.trace_parent,
                payload: stored.payload,
            };
            assert_eq!(back, new);
        }
    }

    async fn each_tenant_counts_for_itself(db: TestDatabase) {
        let db = migrated(db.url()).await;
        assert_eq!(append(&db, "acme", vec![event("a"), event("b")]).await.expect("appends"), 2);
        assert_eq!(append(&db, "globex", vec![event("c")]).await.expect("appends"), 1);
        assert_eq!(append(&db, "acme", vec![event("d")]).await.expect("appends"), 3);
        let mut heads = event_log::heads(&db).await.expect("reads");
        heads.sort();
        assert_eq!(heads, [("acme".to_owned(), 3), ("globex".to_owned(), 1)]);
        assert_eq!(event_log::head(db.reader(), "acme").await.expect("reads"), 3);
        assert_eq!(event_log::head(db.reader(), "nobody").await.expect("reads"), 0);
        assert_eq!(log(&db, "globex").await[0].subject, "c");
    }

    async fn a_transaction_that_is_rolled_back_leaves_no_hole(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", vec![event("a")]).await.expect("appends");
        let mut dropped = db.begin().await.expect("begins");
        event_log::append(&mut dropped, "acme", at(0), vec![event("x"), event("y")]).await.expect("appends");
        drop(dropped);
        let mut undone = db.begin().await.expect("begins");
        event_log::append(&mut undone, "acme", at(0), vec![event("z")]).await.expect("appends");
        undone.rollback().await.expect("rolls back");
        assert_eq!(append(&db, "acme", vec![event("b")]).await.expect("appends"), 2);
        let subjects: Vec<_> = log(&db, "acme").await.into_iter().map(|event| event.subject).collect();
        assert_eq!(subjects, ["a", "b"]);
    }

    async fn a_transaction_takes_one_tenant_only(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let mut tx = db.begin().await.expect("begins");
        event_log::append(&mut tx, "acme", at(0), vec![event("a")]).await.expect("appends");
        let refused = event_log::append(&mut tx, "globex", at(0), vec![event("b")]).await.expect_err("refused");
        assert_eq!(refused.kind(), Kind::Internal);
        tx.commit().await.expect("what was allowed is committed");
        assert_eq!(log(&db, "acme").await.len(), 1);
        assert_eq!(log(&db, "globex").await.len(), 0);
    }

    /// More rows than one statement takes parameters on either engine.
    async fn many_events_are_one_dense_batch(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let events: Vec<_> = (1..=7_001).map(|index| event(&format!("tickets/{index}"))).collect();
        assert_eq!(append(&db, "acme", events).await.expect("appends"), 7_001);
        let stored = log(&db, "acme").await;
        assert_eq!(stored.len(), 7_001);
        for (event, seq) in stored.iter().zip(1..) {
            assert_eq!(event.seq, seq);
            assert_eq!(event.subject, format!("tickets/{seq}"));
        }
    }

    async fn a_read_stays_under_a_megabyte_but_always_moves(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let sized = |bytes: usize| event_log::NewEvent { payload: vec![7; bytes], ..event("big") };
        append(&db, "acme", vec![sized(600 << 10), sized(300 << 10), sized(300 << 10), sized(2 << 20), sized(1)])
            .await
            .expect("appends");
        let mut counts = Vec::new();
        let mut after = 0;
        while after < 5 {
            let events = event_log::read(&db, "acme", after, 1_000).await.expect("reads");
            counts.push(events.len());
            after += i64::try_from(events.len()).expect("small");
        }
        assert_eq!(counts, [2, 1, 1, 1]);
        assert_eq!(event_log::read(&db, "acme", 0, 1).await.expect("reads").len(), 1);
    }

    async fn what_could_never_be_sent_or_is_nothing_is_refused(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let huge = event_log::NewEvent { payload: vec![7; event_log::PAYLOAD_MAX + 1], ..event("huge") };
        assert_eq!(append(&db, "acme", vec![huge]).await.expect_err("too big").kind(), Kind::Internal);
        assert_eq!(append(&db, "acme", Vec::new()).await.expect_err("empty").kind(), Kind::Internal);
        assert_eq!(event_log::heads(&db).await.expect("reads"), []);
    }

    async fn the_doorbell_rings_for_committed_events_only(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let mut bell = db.subscribe();
        bell.mark_unchanged();
        let nothing = db.begin().await.expect("begins");
        nothing.commit().await.expect("commits");
        let mut dropped = db.begin().await.expect("begins");
        event_log::append(&mut dropped, "acme", at(0), vec![event("a")]).await.expect("appends");
        dropped.rollback().await.expect("rolls back");
        assert!(!bell.has_changed().expect("open"));
        append(&db, "acme", vec![event("b")]).await.expect("appends");
        assert!(bell.has_changed().expect("open"));
    }

    async fn retention_removes_the_beginning_and_says_so(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", (0..10).map(|_| event("a")).collect()).await.expect("appends");
        let trim = async |upto| {
            let mut tx = db.begin().await.expect("begins");
            let removed = event_log::trim(&mut tx, "acme", upto).await.expect("trims");
            tx.commit().await.expect("commits");
            removed
        };
        assert_eq!(trim(4).await, 4);
        assert_eq!(trim(3).await, 0, "never goes back");
        let state = event_log::state(&db).await.expect("reads");
        assert_eq!((state.heads[0].seq, state.heads[0].floor), (10, 4));
        assert_eq!(log(&db, "acme").await[0].seq, 5);
        assert_eq!(trim(99).await, 6, "beyond the head means the head");
        assert_eq!(append(&db, "acme", vec![event("b")]).await.expect("appends"), 11, "numbers go on");
    }

    async fn the_epoch_changes_only_when_told(db: TestDatabase) {
        let url = db.url();
        let first = migrated(url).await;
        let epoch = event_log::epoch(&first).await.expect("reads");
        first.close().await.expect("closes");
        let again = migrated(url).await;
        assert_eq!(event_log::epoch(&again).await.expect("reads"), epoch);
        let fresh = event_log::renew_epoch(&again).await.expect("writes");
        assert_ne!(fresh, epoch);
        assert_eq!(event_log::epoch(&again).await.expect("reads"), fresh);
        assert_eq!(event_log::state(&again).await.expect("reads").epoch, fresh);
    }
}

/// The order of numbers is the order of commits: who comes second waits at the counter row.
#[test]
fn on_postgres_the_second_writer_waits_for_the_first_commit() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = migrated(server.url()).await;
        let mut first = db.begin().await.expect("begins");
        assert_eq!(
            event_log::append(&mut first, "acme", at(0), vec![event("first")])
                .await
                .expect("appends"),
            1
        );
        let writer = tokio::spawn({
            let db = db.clone();
            async move { append(&db, "acme", vec![event("second")]).await }
        });
        wait_until(DEADLINE, "the second writer waits for the counter row", || waiting(&db)).await;
        assert_eq!(log(&db, "acme").await.len(), 0);
        // Another tenant is not held up.
        assert_eq!(append(&db, "globex", vec![event("other")]).await.expect("appends"), 1);
        first.commit().await.expect("commits");
        assert_eq!(writer.await.expect("runs").expect("appends"), 2);
        let subjects: Vec<_> = log(&db, "acme").await.into_iter().map(|event| event.subject).collect();
        assert_eq!(subjects, ["first", "second"]);
    });
}

async fn waiting(db: &Database) -> bool {
    let sql =
        "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    text(db.reader(), sql).await == "1"
}

#[test]
fn on_sqlite_nothing_is_written_outside_a_transaction() {
    vorrang_testkit::run(async {
        let file = vorrang_testkit::sqlite();
        let db = migrated(file.url()).await;
        let refused = db.reader().execute_unprepared("DELETE FROM events").await;
        assert!(refused.is_err(), "the reader is read-only");
    });
}
