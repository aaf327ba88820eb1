//! F4: the database is restored to an older copy. Followers are told; nobody diverges in silence.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use uuid::Uuid;
use vorrang_api::feed::v1::StartPoint;
use vorrang_database::{Database, event_log};
use vorrang_feed::{Cursors, Owner};
use vorrang_testkit::{DEADLINE, PostgresServer, TestDatabase, TestEngine, both_engines, wait_for};

use crate::support::{Batches, KEY, acme, after, append, event, from, migrated, noon, serve, subjects};

/// A copy of a database that nobody has open, as a backup tool makes it.
async fn copy(db: &TestDatabase) -> String {
    let copied = format!("{}_copy", db.url());
    match db.engine() {
        TestEngine::Sqlite => {
            let path = |url: &str| url.trim_start_matches("sqlite://").to_owned();
            std::fs::copy(path(db.url()), path(&copied)).expect("copies");
        }
        TestEngine::Postgres => {
            let (server, name) = db.url().rsplit_once('/').expect("a url with a name");
            let admin = Database::connect(&format!("{server}/postgres"))
                .await
                .expect("connects");
            admin
                .reader()
                .execute_unprepared(&format!("CREATE DATABASE {name}_copy TEMPLATE {name}"))
                .await
                .expect("copies");
        }
    }
    copied
}

both_engines! {
    async fn an_older_copy_is_told_from_the_log_it_was(db: TestDatabase) {
        let original = migrated(db.url()).await;
        append(&original, "acme", &["kept 1", "kept 2"]).await;
        original.close().await.expect("closes");
        let backup = copy(&db).await;

        let original = migrated(db.url()).await;
        append(&original, "acme", &["lost 3", "lost 4"]).await;
        let served = serve(&original);
        let applied = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(applied.events.len(), 4);
        drop(served);
        original.close().await.expect("dies");

        // Restored, and nobody said so: the follower is ahead, which can be seen until the log has grown past it.
        let restored = migrated(&backup).await;
        let served = serve(&restored);
        let ahead = served.feed.follow(acme(), after(&applied.cursor)).await.err().expect("refused");
        assert_eq!(ahead.reason(), "CURSOR_AHEAD");

        // Said so: it is told however far the log has grown again.
        event_log::renew_epoch(&restored).await.expect("writes");
        append(&restored, "acme", &["other 3", "other 4", "other 5"]).await;
        let changed = served.feed.follow(acme(), after(&applied.cursor)).await.err().expect("refused");
        assert_eq!(changed.reason(), "EPOCH_CHANGED");
        let rebuilt = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(subjects(&rebuilt), ["kept 1", "kept 2", "other 3", "other 4", "other 5"]);
    }

    /// The process that was up all the time has seen the lost positions: the first event that takes one of them again begins
    /// the new epoch in its own commit.
    async fn a_position_that_was_seen_is_never_given_out_again_in_the_same_epoch(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", &["kept 1"]).await;
        append(&db, "globex", &["kept 1", "kept 2"]).await;
        let kept = event_log::state(&db).await.expect("reads");
        append(&db, "acme", &["lost 2", "lost 3"]).await;
        // As a restore does it, under our feet.
        let tx = db.begin().await.expect("begins");
        for sql in ["DELETE FROM events WHERE subject LIKE 'lost%'", "UPDATE event_heads SET seq = 1 WHERE tenant = 'acme'"] {
            tx.conn().execute_unprepared(sql).await.expect("restores");
        }
        tx.commit().await.expect("commits");

        append(&db, "globex", &["goes on 3"]).await;
        assert_eq!(event_log::epoch(&db).await.expect("reads"), kept.epoch, "nobody has noticed yet, and nothing is given out twice");
        assert_eq!(append(&db, "acme", &["other 2"]).await, 2);
        let renewed = event_log::epoch(&db).await.expect("reads");
        assert_ne!(renewed, kept.epoch);
        append(&db, "acme", &["other 3"]).await;
        append(&db, "globex", &["goes on 4"]).await;
        assert_eq!(event_log::epoch(&db).await.expect("reads"), renewed, "once is enough");

        // If that transaction is rolled back, so is the epoch, and the next one begins it.
        let tx = db.begin().await.expect("begins");
        tx.conn().execute_unprepared("UPDATE event_heads SET seq = 1 WHERE tenant = 'acme'").await.expect("restores");
        tx.conn().execute_unprepared("DELETE FROM events WHERE tenant = 'acme' AND seq > 1").await.expect("restores");
        tx.commit().await.expect("commits");
        let mut undone = db.begin().await.expect("begins");
        event_log::append(&mut undone, "acme", noon(), vec![event("undone 2")]).await.expect("appends");
        undone.rollback().await.expect("rolls back");
        assert_eq!(event_log::epoch(&db).await.expect("reads"), renewed);
        append(&db, "acme", &["third 2"]).await;
        assert_ne!(event_log::epoch(&db).await.expect("reads"), renewed);
    }

    /// Nobody writes: the watcher notices that the log is shorter than it was.
    async fn an_idle_process_notices_by_itself(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let served = serve(&db);
        append(&db, "acme", &["kept", "lost"]).await;
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        assert_eq!(stream.events().await.events.len(), 2);
        served.clock.advance(chrono::TimeDelta::seconds(2));
        // A heartbeat comes from a look of the watcher's own: from then on it knows how long the log was.
        assert!(stream.next().await.events.is_empty());
        let tx = db.begin().await.expect("begins");
        for sql in ["DELETE FROM events WHERE seq = 2", "UPDATE event_heads SET seq = 1"] {
            tx.conn().execute_unprepared(sql).await.expect("restores");
        }
        tx.commit().await.expect("commits");
        let told = tokio::time::timeout(Duration::from_secs(5), async {
            loop {
                if let Err(error) = stream.result().await {
                    return error;
                }
            }
        });
        assert_eq!(told.await.expect("within 5 seconds").reason(), "EPOCH_CHANGED");
    }

    /// Everything was restarted, so nobody remembers; the first follower that comes back with a lost cursor is the proof, and then
    /// everybody hears of it, also those whose cursors the log has grown past by then.
    async fn a_cursor_that_is_ahead_ends_the_epoch_for_all(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", &["a"]).await;
        let served = serve(&db);
        let (kept, lost) = (served.feed.cursor("acme", 1).await.expect("reads"), served.feed.cursor("acme", 3).await.expect("reads"));
        let mut open = Batches::open(&served.feed, acme(), after(&kept)).await;
        assert!(open.next().await.events.is_empty());
        assert_eq!(served.feed.follow(acme(), after(&lost)).await.err().expect("refused").reason(), "CURSOR_AHEAD");
        assert_eq!(open.error().await.reason(), "EPOCH_CHANGED");
        append(&db, "acme", &["b", "c", "d"]).await;
        for cursor in [kept, lost] {
            let error = served.feed.follow(acme(), after(&cursor)).await.err().expect("refused");
            assert_eq!(error.reason(), "EPOCH_CHANGED");
        }
    }
}

/// A real server whose disk is put back, under a follower and a writer that stay up.
#[test]
fn a_restored_server_is_noticed_within_five_seconds_and_no_position_comes_twice() {
    vorrang_testkit::run(async {
        let mut server = PostgresServer::start().await;
        let url = server.database().await;
        let db = migrated(&url).await;
        append(&db, "acme", &["kept 1", "kept 2"]).await;
        db.clone().close().await.expect("closes");
        let backup = server.backup().await;

        let db = migrated(&url).await;
        let served = serve(&db);
        append(&db, "acme", &["lost 3", "lost 4", "lost 5"]).await;
        let cursors = Cursors::new(Owner::Ticketing, KEY);
        // What followers were told about each position, by epoch.
        let mut told: HashMap<(Uuid, i64), Uuid> = HashMap::new();
        let mut take = |batch: &vorrang_feed::Batch| {
            let epoch = cursors.read("acme", &batch.cursor).expect("a cursor of ours").epoch;
            for event in &batch.events {
                let before = told.insert((epoch, event.seq), event.id);
                assert!(
                    before.is_none_or(|id| id == event.id),
                    "position {} came twice",
                    event.seq
                );
            }
        };
        let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let applied = stream.events().await;
        assert_eq!(applied.events.len(), 5);
        take(&applied);

        server.restore(&backup).await;
        let writer = async {
            for subject in ["other 3", "other 4", "other 5", "other 6"] {
                wait_for(DEADLINE, "the database to be back", || async {
                    let mut tx = db.begin().await.ok()?;
                    event_log::append(&mut tx, "acme", noon(), vec![event(subject)])
                        .await
                        .ok()?;
                    tx.commit().await.ok()
                })
                .await;
            }
        };
        let follower = async {
            loop {
                match stream.result().await {
                    Ok(batch) => take(&batch),
                    Err(error) => return error,
                }
            }
        };
        let (error, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(5), follower), writer);
        assert_eq!(error.expect("within 5 seconds").reason(), "EPOCH_CHANGED");
        let error = served
            .feed
            .follow(acme(), after(&applied.cursor))
            .await
            .err()
            .expect("refused");
        assert_eq!(error.reason(), "EPOCH_CHANGED");

        let mut again = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await;
        let batch = again.events().await;
        take(&batch);
        assert_eq!(
            subjects(&batch),
            ["kept 1", "kept 2", "other 3", "other 4", "other 5", "other 6"]
        );
    });
}
