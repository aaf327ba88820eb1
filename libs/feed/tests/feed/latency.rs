//! From the commit to the follower: the median stays under 20 ms, without and with another process in between.

use std::time::Duration;

use tokio::time::Instant;
use vorrang_api::feed::v1::StartPoint;
use vorrang_database::Database;
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Batches, acme, append, from, migrated, serve};

const BOUND: Duration = Duration::from_millis(20);
const SAMPLES: usize = 101;

async fn median(writer: &Database, reader: &Database) -> Duration {
    let served = serve(reader);
    let mut stream = Batches::open(&served.feed, acme(), from(StartPoint::Now)).await;
    assert!(stream.next().await.events.is_empty());
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        append(writer, "acme", &["tickets/1"]).await;
        let committed = Instant::now();
        stream.events().await;
        samples.push(committed.elapsed());
    }
    samples.sort();
    samples[SAMPLES / 2]
}

both_engines! {
    async fn in_one_process(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let median = median(&db, &db).await;
        assert!(median < BOUND, "{median:?}");
    }
}

#[test]
fn between_processes_on_postgres() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let writer = migrated(server.url()).await;
        let reader = migrated(server.url()).await;
        let median = median(&writer, &reader).await;
        assert!(median < BOUND, "{median:?}");
    });
}
