//! F21: a long transaction, VACUUM, a dump and a migration while tickets are made and followed. Readers see no error, and the feed does not
//! stand still.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use futures::future::join_all;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{self, ConnectionTrait, TransactionTrait};
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_database::Database;
use vorrang_testkit::{DEADLINE, postgres, postgres_program, run, wait_until};
use vorrang_ticketing::Migrator;

use crate::desk::{Desk, migrated};
use crate::full;
use crate::work::create;

const WRITERS: usize = 4;
/// Tickets that must be made and followed while each disturbance is on.
const MEANWHILE: usize = 40;

/// The schema with one column more, as the next release would add it.
struct Next;

impl MigratorTrait for Next {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.push(Box::new(OneMoreColumn));
        migrations
    }
}

struct OneMoreColumn;

impl MigrationName for OneMoreColumn {
    fn name(&self) -> &str {
        "next_release"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for OneMoreColumn {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = "ALTER TABLE tickets ADD COLUMN of_the_next_release TEXT NOT NULL DEFAULT ''";
        manager.get_connection().execute_unprepared(add).await.map(|_| ())
    }
}

/// What the writers and the follower have done so far.
#[derive(Default)]
struct Progress {
    stop: AtomicBool,
    followed: AtomicUsize,
    /// Worst time from commit to follower, in microseconds, by the clock that stamps both.
    worst_lag_us: AtomicI64,
}

#[test]
fn maintenance_disturbs_neither_writers_nor_followers() {
    run(async {
        let server = postgres().await;
        let url = server.url().to_owned();
        drop(migrated(&url).await);
        let desk = Arc::new(Desk::on(&url).await);
        let customer = desk.customer().await;
        let progress = Arc::new(Progress::default());
        let following = tokio::spawn(follow(desk.clone(), progress.clone()));
        let writing: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (desk, customer, progress) = (desk.clone(), customer.clone(), progress.clone());
                tokio::spawn(async move {
                    let mut made = 0;
                    while !progress.stop.load(Ordering::SeqCst) {
                        create(&desk, "", &customer).await.expect("no writer sees an error");
                        made += 1;
                    }
                    made
                })
            })
            .collect();
        let goes_on = async |what: &str| {
            let before = progress.followed.load(Ordering::SeqCst);
            wait_until(DEADLINE, what, || async {
                progress.followed.load(Ordering::SeqCst) >= before + MEANWHILE
            })
            .await;
        };
        goes_on("the feed to go on").await;

        // Somebody's report reads for a long time, and holds a lock on every table it has read.
        let report = sea_orm::Database::connect(&url).await.expect("connects");
        let long = report.begin().await.expect("begins");
        long.execute_unprepared("SELECT count(*) FROM tickets, events")
            .await
            .expect("reads");
        goes_on("the feed under a long transaction").await;
        let admin = sea_orm::Database::connect(&url).await.expect("connects");
        admin.execute_unprepared("VACUUM ANALYZE").await.expect("vacuums");
        goes_on("the feed after VACUUM").await;
        dump(&url).await;
        goes_on("the feed after a dump").await;

        // The migration needs a lock that the report holds; meanwhile nobody may have to wait behind it.
        let database = Database::connect(&url).await.expect("connects");
        let migrating = tokio::spawn(async move { database.migrate::<Next>().await });
        goes_on("the feed while a migration waits for its lock").await;
        goes_on("the feed while a migration tries again").await;
        assert!(!migrating.is_finished(), "the report is in its way");
        long.rollback().await.expect("ends");
        migrating
            .await
            .expect("no panic")
            .expect("migrates once the report has ended");
        goes_on("the feed after the migration").await;

        progress.stop.store(true, Ordering::SeqCst);
        let made: usize = join_all(writing)
            .await
            .into_iter()
            .map(|writer| writer.expect("no panic"))
            .sum();
        wait_until(DEADLINE, "the follower to have all", || async {
            progress.followed.load(Ordering::SeqCst) >= made
        })
        .await;
        following.abort();
        let worst = progress.worst_lag_us.load(Ordering::SeqCst);
        println!("{made} tickets, worst lag of the feed {} ms", worst / 1_000);
        // A time is only asserted where the machine is ours alone.
        assert!(!full() || worst < 1_000_000, "the feed lagged by {worst} us");
    });
}

async fn follow(desk: Arc<Desk>, progress: Arc<Progress>) {
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        types: vec!["ticket_created".to_owned()],
        ..FollowRequest::default()
    };
    let mut stream = desk.feed().follow(request).await.expect("follows").into_inner();
    loop {
        let batch = stream
            .message()
            .await
            .expect("no reader sees an error")
            .expect("goes on");
        let now = vorrang_clock::system().now();
        for event in &batch.events {
            let recorded = event.head.as_ref().and_then(|head| head.recorded_at).expect("a time");
            let recorded = vorrang_api::from_timestamp(&recorded).expect("a time");
            let lag = (now - recorded).num_microseconds().unwrap_or(i64::MAX);
            progress.worst_lag_us.fetch_max(lag, Ordering::SeqCst);
        }
        progress.followed.fetch_add(batch.events.len(), Ordering::SeqCst);
    }
}

async fn dump(url: &str) {
    let (program, url) = (postgres_program("pg_dump"), url.to_owned());
    let status = tokio::task::spawn_blocking(move || {
        Command::new(program)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
    });
    assert!(
        status.await.expect("no panic").expect("starts").success(),
        "pg_dump failed"
    );
}
