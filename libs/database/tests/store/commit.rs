//! What a caller learns when something goes wrong around the commit.

use sea_orm::ConnectionTrait;
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{Database, error, event_log};
use vorrang_error::{Error, Kind};
use vorrang_testkit::{DEADLINE, PostgresServer, Proxy, TestDatabase, both_engines, wait_until};

use crate::support::{Migrator, append, at, event, log, migrated, text};

both_engines! {
    async fn a_broken_unique_rule_is_a_conflict(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", vec![event("a")]).await.expect("appends");
        let tx = db.begin().await.expect("begins");
        let broken = tx
            .conn()
            .execute_unprepared("INSERT INTO event_heads (tenant, seq, floor) VALUES ('acme', 9, 0)")
            .await
            .map_err(error)
            .expect_err("there is one already");
        assert_eq!((broken.kind(), broken.reason()), (Kind::Conflict, "ALREADY_WRITTEN"));
    }

    async fn a_mistake_in_our_sql_is_internal(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let wrong = db.reader().execute_unprepared("SELECT nothing FROM nowhere").await.map_err(error);
        assert_eq!(wrong.expect_err("no such table").kind(), Kind::Internal);
    }
}

#[test]
fn two_that_wait_for_each_other_are_told_to_try_again() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = migrated(server.url()).await;
        append(&db, "acme", vec![event("a")]).await.expect("appends");
        append(&db, "globex", vec![event("b")]).await.expect("appends");
        let lock = |tenant: &str| format!("UPDATE event_heads SET seq = seq WHERE tenant = '{tenant}'");
        let first = db.begin().await.expect("begins");
        first.conn().execute_unprepared(&lock("acme")).await.expect("locks");
        let second = db.begin().await.expect("begins");
        second.conn().execute_unprepared(&lock("globex")).await.expect("locks");
        let (acme, globex) = (lock("acme"), lock("globex"));
        let crosswise = tokio::join!(first.conn().execute_unprepared(&globex), async {
            let result = second.conn().execute_unprepared(&acme).await;
            second.rollback().await.expect("rolls back");
            result
        });
        let loser = crosswise
            .0
            .and(crosswise.1)
            .map_err(error)
            .expect_err("PostgreSQL ends one of them");
        assert_eq!((loser.kind(), loser.reason()), (Kind::Conflict, "DATABASE_CONTENTION"));
        assert!(loser.retry_after().is_some());
    });
}

async fn call(db: &Database) -> Result<i64, Error> {
    let mut tx = db.begin().await?;
    if let Begin::Same(answer) = idempotency::begin(&mut tx, "acme", "r-1", [1; 32], at(0)).await? {
        return Ok(i64::from_be_bytes(answer.try_into().expect("eight bytes")));
    }
    let seq = event_log::append(&mut tx, "acme", at(0), vec![event("a")]).await?;
    idempotency::finish(&mut tx, "acme", "r-1", &seq.to_be_bytes()).await?;
    tx.commit().await?;
    Ok(seq)
}

/// F3: the commit arrives, its answer does not.
#[test]
fn a_commit_whose_reply_is_lost_says_so_and_its_repeat_finds_the_answer() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let direct = migrated(server.url()).await;
        let proxy = Proxy::before(server.url()).await;
        let db = Database::connect(&proxy.url(server.url())).await.expect("connects");
        let mut tx = db.begin().await.expect("begins");
        let bell = db.subscribe();
        idempotency::begin(&mut tx, "acme", "r-1", [1; 32], at(0))
            .await
            .expect("new");
        let seq = event_log::append(&mut tx, "acme", at(0), vec![event("a")])
            .await
            .expect("appends");
        idempotency::finish(&mut tx, "acme", "r-1", &seq.to_be_bytes())
            .await
            .expect("stores");
        proxy.drop_replies();
        let commit = tokio::spawn(tx.commit());
        wait_until(DEADLINE, "the commit arrived and its reply was dropped", || async {
            log(&direct, "acme").await.len() == 1 && proxy.replies_dropped() > 0
        })
        .await;
        proxy.pass();
        proxy.cut();
        let unknown = commit.await.expect("runs").expect_err("the caller cannot know");
        assert_eq!((unknown.kind(), unknown.reason()), (Kind::Timeout, "OUTCOME_UNKNOWN"));
        assert!(bell.has_changed().expect("open"), "followers look anyway");
        // The pool may hold the cut connection for one more call.
        let mut answer = call(&db).await;
        while let Err(error) = &answer {
            assert_eq!(error.kind(), Kind::Unavailable);
            answer = call(&db).await;
        }
        assert_eq!(answer.expect("the stored one"), 1);
        assert_eq!(log(&direct, "acme").await.len(), 1, "one effect");
    });
}

#[test]
fn a_server_that_was_killed_is_unavailable_and_then_has_everything_acknowledged() {
    vorrang_testkit::run(async {
        let mut server = PostgresServer::start().await;
        let db = Database::connect(&server.database().await).await.expect("connects");
        db.migrate::<Migrator>().await.expect("migrates");
        append(&db, "acme", vec![event("a")]).await.expect("appends");
        let mut open = db.begin().await.expect("begins");
        event_log::append(&mut open, "acme", at(0), vec![event("lost")])
            .await
            .expect("appends");
        server.kill().await;
        let broken = open.commit().await.expect_err("the server is gone");
        assert!(
            matches!(broken.kind(), Kind::Timeout | Kind::Unavailable),
            "{}",
            broken.chain()
        );
        server.restart().await;
        wait_until(DEADLINE, "the pool is back", || async {
            append(&db, "acme", vec![event("b")]).await.is_ok()
        })
        .await;
        let subjects: Vec<_> = log(&db, "acme").await.into_iter().map(|event| event.subject).collect();
        assert_eq!(
            subjects,
            ["a", "b"],
            "what was acknowledged is there, what was not left no hole"
        );
        assert_eq!(text(db.reader(), "SELECT 'up'").await, "up");
    });
}
