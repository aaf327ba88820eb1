//! One effect per request id, however often and however concurrently it comes.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{Database, event_log};
use vorrang_error::{Error, Kind};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{at, event, log, migrated};

const HASH: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

/// A mutating call: its effect is one event, its answer that event's position.
async fn call(db: &Database, tenant: &str, id: &str, hash: [u8; 32]) -> Result<Vec<u8>, Error> {
    let mut tx = db.begin().await?;
    match idempotency::begin(&mut tx, tenant, id, hash, at(0)).await? {
        Begin::Same(answer) => Ok(answer),
        Begin::New => {
            let seq = event_log::append(&mut tx, tenant, at(0), vec![event(id)]).await?;
            let answer = seq.to_be_bytes().to_vec();
            idempotency::finish(&mut tx, tenant, id, &answer).await?;
            tx.commit().await?;
            Ok(answer)
        }
    }
}

both_engines! {
    async fn a_repeat_gets_the_first_answer(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let first = call(&db, "acme", "r-1", HASH).await.expect("works");
        assert_eq!(call(&db, "acme", "r-1", HASH).await.expect("repeats"), first);
        assert_eq!(log(&db, "acme").await.len(), 1);
    }

    async fn the_same_id_for_another_request_is_refused(db: TestDatabase) {
        let db = migrated(db.url()).await;
        call(&db, "acme", "r-1", HASH).await.expect("works");
        let error = call(&db, "acme", "r-1", OTHER).await.expect_err("reused");
        assert_eq!((error.kind(), error.reason()), (Kind::Invalid, "REQUEST_ID_REUSED"));
        assert_eq!(error.violations()[0].field, "request_id");
        // The refused call has not used up a connection or a lock.
        call(&db, "acme", "r-1", HASH).await.expect("still answers");
        assert_eq!(log(&db, "acme").await.len(), 1);
    }

    async fn tenants_do_not_share_ids(db: TestDatabase) {
        let db = migrated(db.url()).await;
        call(&db, "acme", "r-1", HASH).await.expect("works");
        call(&db, "globex", "r-1", OTHER).await.expect("another tenant's id is another id");
        assert_eq!(log(&db, "globex").await.len(), 1);
    }

    async fn no_id_means_no_memory(db: TestDatabase) {
        let db = migrated(db.url()).await;
        call(&db, "acme", "", HASH).await.expect("works");
        call(&db, "acme", "", HASH).await.expect("works again");
        assert_eq!(log(&db, "acme").await.len(), 2);
    }

    async fn a_call_that_fails_stores_nothing(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let mut tx = db.begin().await.expect("begins");
        idempotency::begin(&mut tx, "acme", "r-1", HASH, at(0)).await.expect("new");
        idempotency::finish(&mut tx, "acme", "r-1", b"lost").await.expect("stores");
        tx.rollback().await.expect("rolls back");
        assert_eq!(call(&db, "acme", "r-1", OTHER).await.expect("is new"), 1_i64.to_be_bytes());
    }

    async fn impossible_ids_are_refused(db: TestDatabase) {
        let db = migrated(db.url()).await;
        for id in ["x".repeat(10_240), "with space".to_owned(), "über".to_owned(), "nul\0".to_owned()] {
            let error = call(&db, "acme", &id, HASH).await.expect_err("refused");
            assert_eq!(error.violations()[0].field, "request_id");
        }
    }

    async fn an_answer_that_would_be_lost_stops_the_commit(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let mut tx = db.begin().await.expect("begins");
        idempotency::begin(&mut tx, "acme", "r-1", HASH, at(0)).await.expect("new");
        assert_eq!(tx.commit().await.expect_err("not finished").kind(), Kind::Internal);
        let mut tx = db.begin().await.expect("begins");
        let error = idempotency::finish(&mut tx, "acme", "never begun", b"").await.expect_err("refused");
        assert_eq!(error.kind(), Kind::Internal);
    }

    /// A hundred at once, retried as their errors tell: one effect, one answer.
    async fn a_hundred_twins_have_one_effect(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let answers = join_all((0..100).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                loop {
                    match call(&db, "acme", "r-1", HASH).await {
                        Ok(answer) => return answer,
                        Err(error) => {
                            assert_eq!(error.reason(), "REQUEST_IN_PROGRESS");
                            assert!(error.retry_after().expect("says when") <= Duration::from_secs(1));
                            tokio::task::yield_now().await;
                        }
                    }
                }
            })
        }))
        .await;
        for answer in answers {
            assert_eq!(answer.expect("runs"), 1_i64.to_be_bytes());
        }
        assert_eq!(log(&db, "acme").await.len(), 1);
    }

    async fn a_batch_gives_each_item_its_own_result(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let known = call(&db, "acme", "known", HASH).await.expect("works");
        let items: Vec<(String, [u8; 32])> = [
            ("known", HASH), ("known", OTHER), ("fresh", HASH), ("", HASH), ("fresh", HASH), ("fresh", OTHER), ("bad id", HASH),
            ("also", HASH),
        ]
        .map(|(id, hash)| (id.to_owned(), hash))
        .into();
        let mut tx = db.begin().await.expect("begins");
        let results = idempotency::begin_many(&mut tx, "acme", &items, at(0)).await.expect("begins");
        let told: Vec<_> = results
            .iter()
            .map(|result| match result {
                Ok(Begin::New) => "new",
                Ok(Begin::Same(answer)) if *answer == known => "same",
                Ok(Begin::Same(_)) => "wrong answer",
                Err(error) => error.reason(),
            })
            .collect();
        let expected = [
            "same", "REQUEST_ID_REUSED", "new", "new", "REQUEST_IN_PROGRESS", "REQUEST_ID_REUSED", "INVALID_REQUEST", "new",
        ];
        assert_eq!(told, expected);
        // Also over two calls of the same transaction.
        let later = ("also".to_owned(), OTHER);
        let results = idempotency::begin_many(&mut tx, "acme", &[later], at(0)).await.expect("begins");
        assert_eq!(results[0].as_ref().expect_err("reused").reason(), "REQUEST_ID_REUSED");
        let answers = ["fresh", "", "also"].map(|id| (id.to_owned(), id.as_bytes().to_vec()));
        idempotency::finish_many(&mut tx, "acme", answers.into()).await.expect("stores");
        tx.commit().await.expect("commits");
        assert_eq!(call(&db, "acme", "fresh", HASH).await.expect("repeats"), b"fresh");
        assert_eq!(call(&db, "acme", "also", HASH).await.expect("repeats"), b"also");
    }

    async fn answers_are_forgotten_after_a_week(db: TestDatabase) {
        let db = migrated(db.url()).await;
        call(&db, "acme", "r-1", HASH).await.expect("works");
        assert_eq!(idempotency::purge(&db, at(0) + TimeDelta::days(7)).await.expect("purges"), 0);
        assert_eq!(idempotency::purge(&db, at(1) + TimeDelta::days(7)).await.expect("purges"), 1);
        assert_eq!(call(&db, "acme", "r-1", OTHER).await.expect("is new"), 2_i64.to_be_bytes());
    }
}

#[test]
fn on_postgres_a_twin_is_told_at_once_that_the_first_is_running() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = migrated(server.url()).await;
        let mut first = db.begin().await.expect("begins");
        idempotency::begin(&mut first, "acme", "r-1", HASH, at(0))
            .await
            .expect("new");
        let error = call(&db, "acme", "r-1", HASH).await.expect_err("twin");
        assert_eq!((error.kind(), error.reason()), (Kind::Conflict, "REQUEST_IN_PROGRESS"));
        call(&db, "acme", "r-2", HASH).await.expect("other ids are not held up");
        idempotency::finish(&mut first, "acme", "r-1", b"first")
            .await
            .expect("stores");
        first.commit().await.expect("commits");
        assert_eq!(call(&db, "acme", "r-1", HASH).await.expect("repeats"), b"first");
    });
}
