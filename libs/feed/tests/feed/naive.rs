//! Why the log has a counter row: the reader that everybody writes first, `id > last` over an identity column, loses
//! what commits late. It fails the very test that the feed passes.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sea_orm::{ConnectionTrait, Statement};
use vorrang_database::Database;

use crate::support::migrated;
use crate::writers::{TRANSACTIONS, WRITERS, dawdle};

const TABLE: &str = "CREATE TABLE naive (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, writer BIGINT NOT NULL)";

async fn ids<C: ConnectionTrait>(connection: &C, sql: &str, value: i64) -> Vec<i64> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [value.into()]);
    let rows = connection.query_all_raw(statement).await.expect("runs");
    rows.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect()
}

async fn insert<C: ConnectionTrait>(connection: &C, writer: i64) -> i64 {
    ids(
        connection,
        "INSERT INTO naive (writer) VALUES ($1) RETURNING id",
        writer,
    )
    .await[0]
}

async fn after(db: &Database, last: i64) -> Vec<i64> {
    ids(db.reader(), "SELECT id FROM naive WHERE id > $1 ORDER BY id", last).await
}

async fn with_table(url: &str) -> Database {
    let db = migrated(url).await;
    let tx = db.begin().await.expect("begins");
    tx.conn().execute_unprepared(TABLE).await.expect("creates");
    tx.commit().await.expect("commits");
    db
}

/// The smallest case, without chance: two transactions that commit in the reverse order of their numbers.
#[test]
fn the_naive_reader_misses_what_commits_late() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = with_table(server.url()).await;
        let early = db.begin().await.expect("begins");
        let lost = insert(early.conn(), 1).await;
        let late = db.begin().await.expect("begins");
        let found = insert(late.conn(), 2).await;
        late.commit().await.expect("commits");
        let seen = after(&db, 0).await;
        assert_eq!(seen, [found]);
        early.commit().await.expect("commits");
        assert!(lost < found);
        assert!(after(&db, found).await.is_empty(), "it looks as if nothing were left");
        assert_eq!(after(&db, 0).await, [lost, found], "but one was missed for ever");
    });
}

/// The writers of `writers.rs`, with the naive reader instead of the feed.
#[test]
fn the_naive_reader_fails_the_test_of_the_twelve_writers() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = with_table(server.url()).await;
        let (tell, written) = tokio::sync::watch::channel(false);
        let reader = tokio::spawn({
            let db = with_own_pool(server.url()).await;
            async move {
                let mut seen: Vec<i64> = Vec::new();
                let mut turns = tokio::time::interval(Duration::from_millis(1));
                loop {
                    turns.tick().await;
                    let done = *written.borrow();
                    let new = after(&db, seen.last().copied().unwrap_or(0)).await;
                    if new.is_empty() && done {
                        return seen;
                    }
                    seen.extend(new);
                }
            }
        });
        let writers = (0..WRITERS).map(|seed| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut random = StdRng::seed_from_u64(seed);
                for _ in 0..TRANSACTIONS {
                    let tx = db.begin().await.expect("begins");
                    insert(tx.conn(), 1).await;
                    dawdle(&mut random).await;
                    tx.commit().await.expect("commits");
                }
            })
        });
        for writer in join_all(writers).await {
            writer.expect("writes");
        }
        tell.send_replace(true);
        let seen: HashSet<i64> = reader.await.expect("reads").into_iter().collect();
        let all = after(&db, 0).await;
        let missed = all.iter().filter(|id| !seen.contains(id)).count();
        assert!(
            missed > 0,
            "the naive reader saw all {} rows: this test has lost its teeth",
            all.len()
        );
    });
}

async fn with_own_pool(url: &str) -> Database {
    Database::connect(url).await.expect("connects")
}
