//! One hot tenant: its log takes one commit at a time, so what a commit carries decides.

use std::sync::Arc;

use futures::future::join_all;
use tokio::time::Instant;
use vorrang_database::{Database, event_log};

use crate::desk::{Desk, opening, record, some_customer};
use vorrang_testkit::report::{fsync_us, line, median, round};

const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
const UNBATCHED_CALLS: usize = 3_000;
const BATCHED_CALLS: usize = 320;
const BATCH: usize = 100;

pub async fn run() {
    let desk = Arc::new(Desk::start().await);
    let fsync = fsync_us(desk.folder.path());
    let log = Database::connect(&desk.url).await.expect("connects");
    record(&desk, "hot", 1_000_000, 1).await;
    let customer = some_customer(&desk, "hot").await;
    let (mut batched, mut single, mut unbatched, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let many = measure(
            &desk,
            &log,
            BATCHED_CALLS,
            |call| (round * BATCHED_CALLS + call) * BATCH,
            BATCH,
        )
        .await;
        // Calls with one contact each: the service makes the batches.
        let one = measure(
            &desk,
            &log,
            UNBATCHED_CALLS,
            |call| 2_000_000 + round * UNBATCHED_CALLS + call,
            1,
        )
        .await;
        let none = calls(&desk, &log, &customer).await;
        ratios.push(many / none);
        batched.push(many);
        single.push(one);
        unbatched.push(none);
    }
    line(
        "hot-tenant",
        serde_json::json!({
            "what": "events/s of one tenant, 64 clients, 100 contacts a call",
            "unit": "events/s", "ours": round(median(batched)), "ours_one_contact_a_call": round(median(single)),
            "limit": round(median(unbatched)), "limit_is": "unbatched: CreateTicket, a commit each", "ratio": round(median(ratios)), "goal": 20.0,
            "fsync_us": fsync,
        }),
    );
}

async fn head(log: &Database) -> i64 {
    event_log::head(log.reader(), "hot").await.expect("reads")
}

async fn measure(desk: &Arc<Desk>, log: &Database, calls: usize, from: impl Fn(usize) -> usize, count: usize) -> f64 {
    let (before, started) = (head(log).await, Instant::now());
    let clients = (0..CLIENTS).map(|client| {
        let desk = desk.clone();
        let mine: Vec<usize> = (0..calls).filter(|call| call % CLIENTS == client).map(&from).collect();
        tokio::spawn(async move {
            for from in mine {
                record(&desk, "hot", from, count).await;
            }
        })
    });
    for client in join_all(clients.collect::<Vec<_>>()).await {
        client.expect("no panic");
    }
    let took = started.elapsed();
    (head(log).await - before) as f64 / took.as_secs_f64()
}

async fn calls(desk: &Arc<Desk>, log: &Database, customer: &str) -> f64 {
    let (before, started) = (head(log).await, Instant::now());
    let clients = (0..CLIENTS).map(|_| {
        let (desk, customer) = (desk.clone(), customer.to_owned());
        tokio::spawn(async move {
            let mut tickets = desk.tickets("hot");
            for _ in 0..UNBATCHED_CALLS / CLIENTS {
                tickets.create_ticket(opening(&customer)).await.expect("created");
            }
        })
    });
    for client in join_all(clients.collect::<Vec<_>>()).await {
        client.expect("no panic");
    }
    let took = started.elapsed();
    (head(log).await - before) as f64 / took.as_secs_f64()
}
