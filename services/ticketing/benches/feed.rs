//! The feed: catching up over a million events against COPY, and how far the live tail is behind the commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::TryStreamExt as _;
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::{ConnectionTrait, Database};
use tokio::time::Instant;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};

use crate::desk::{Desk, opening, record, some_customer};
use vorrang_testkit::report::{fsync_us, line, median, quantile, round};

const EVENTS: i64 = 1_000_000;
const ROUNDS: usize = 3;
/// Contacts whose events are repeated up to [`EVENTS`]: real ones, sealed parts included.
const CONTACTS: usize = 10_000;

pub async fn catch_up() {
    let desk = Desk::start().await;
    let fsync = fsync_us(desk.folder.path());
    for from in (0..CONTACTS).step_by(500) {
        record(&desk, "hot", from, 500).await;
    }
    let database = Database::connect(&desk.url).await.expect("connects");
    let repeat = format!(
        "DO $$ DECLARE had bigint; at bigint; BEGIN \
         SELECT seq INTO had FROM event_heads WHERE tenant = 'hot'; at := had; \
         WHILE at < {EVENTS} LOOP \
           INSERT INTO events SELECT tenant, seq + at, id, kind, subject, occurred_at, recorded_at, actor_kind, actor_id, trace_parent, payload \
             FROM events WHERE tenant = 'hot' AND seq <= had AND seq + at <= {EVENTS}; \
           at := at + had; \
         END LOOP; \
         UPDATE event_heads SET seq = {EVENTS} WHERE tenant = 'hot'; END $$"
    );
    database.execute_unprepared(&repeat).await.expect("repeats");
    database
        .execute_unprepared("VACUUM ANALYZE events")
        .await
        .expect("vacuums");
    let (mut ours, mut limit, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let copied = copied(&desk.url).await;
        let followed = followed(&desk).await;
        ratios.push(copied.as_secs_f64() / followed.as_secs_f64());
        ours.push(EVENTS as f64 / followed.as_secs_f64());
        limit.push(EVENTS as f64 / copied.as_secs_f64());
    }
    line(
        "feed-catchup",
        serde_json::json!({
            "what": "a follower over TCP from the beginning of a million events of one tenant, personal parts opened",
            "unit": "events/s", "ours": round(median(ours)), "limit": round(median(limit)),
            "limit_is": "COPY (SELECT * … ORDER BY seq) TO STDOUT, binary, read by a client", "ratio": round(median(ratios)), "goal": 0.7,
            "fsync_us": fsync,
        }),
    );
}

async fn copied(url: &str) -> Duration {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    let started = Instant::now();
    let copy = "COPY (SELECT * FROM events WHERE tenant = 'hot' ORDER BY seq) TO STDOUT (FORMAT binary)";
    let mut bytes = connection.copy_out_raw(copy).await.expect("copies");
    let mut total = 0;
    while let Some(piece) = bytes.try_next().await.expect("reads") {
        total += piece.len();
    }
    assert!(total > 0);
    started.elapsed()
}

async fn followed(desk: &Desk) -> Duration {
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        ..FollowRequest::default()
    };
    let started = Instant::now();
    let mut feed = desk.feed("hot").max_decoding_message_size(8 << 20);
    let mut stream = feed.follow(request).await.expect("follows").into_inner();
    let mut count = 0;
    while count < EVENTS {
        let batch = stream.message().await.expect("goes on").expect("does not end");
        count += i64::try_from(batch.events.len()).expect("a batch");
    }
    started.elapsed()
}

/// Creations at a steady pace; for each the time from its answer, which comes after the commit, to the follower.
pub async fn live_tail() {
    const SAMPLES: usize = 3_000;
    const PACE: Duration = Duration::from_millis(5);
    let desk = Arc::new(Desk::start().await);
    let fsync = fsync_us(desk.folder.path());
    record(&desk, "hot", 0, 1).await;
    let customer = some_customer(&desk, "hot").await;
    let seen: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let following = tokio::spawn({
        let (desk, seen) = (desk.clone(), seen.clone());
        async move {
            let request = FollowRequest {
                start: StartPoint::Now.into(),
                types: vec!["ticket_created".to_owned()],
                ..FollowRequest::default()
            };
            let mut feed = desk.feed("hot");
            let mut stream = feed.follow(request).await.expect("follows").into_inner();
            // "Now" is where the log stands when the first message comes.
            stream.message().await.expect("goes on").expect("does not end");
            ready.send(()).expect("is waited for");
            loop {
                let batch = stream.message().await.expect("goes on").expect("does not end");
                let now = Instant::now();
                let mut seen = seen.lock().expect("nobody panics");
                for event in batch.events {
                    seen.insert(event.head.expect("a head").subject, now);
                }
            }
        }
    });
    is_ready.await.expect("follows");
    let mut pace = tokio::time::interval(PACE);
    let mut answered = HashMap::new();
    for _ in 0..SAMPLES {
        pace.tick().await;
        let mut tickets = desk.tickets("hot");
        let ticket = tickets
            .create_ticket(opening(&customer))
            .await
            .expect("created")
            .into_inner();
        answered.insert(ticket.name, Instant::now());
    }
    vorrang_testkit::wait_until(vorrang_testkit::DEADLINE, "the follower to have all", || async {
        seen.lock().expect("nobody panics").len() >= SAMPLES
    })
    .await;
    following.abort();
    let seen = seen.lock().expect("nobody panics");
    // A follower that is told before the writer is, is not behind.
    let mut lags: Vec<Duration> = answered
        .iter()
        .filter_map(|(ticket, answered)| Some(seen.get(ticket)?.saturating_duration_since(*answered)))
        .collect();
    assert_eq!(lags.len(), SAMPLES, "nothing is missed");
    lags.sort_unstable();
    line(
        "live-tail",
        serde_json::json!({
            "what": "from the answer of CreateTicket to the follower, 200 a second",
            "unit": "ms", "ours_p50": quantile(&lags, 0.5), "ours": quantile(&lags, 0.99), "max": quantile(&lags, 1.0),
            "limit": 5.0, "limit_is": "goal at p99", "ratio": round(quantile(&lags, 0.99) / 5.0), "goal": 1.0, "fsync_us": fsync,
        }),
    );
}
