//! Durable creation through gRPC: 64 clients, 1,000 tenants, against a raw COPY of the very rows that came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Database, Statement};
use tokio::time::Instant;

use crate::desk::{Desk, migrated, opening, record, some_customer};
use vorrang_testkit::report::{fsync_us, line, median, millis, quantile, round};

const CLIENTS: usize = 64;
const TENANTS: usize = 1_000;
/// Contacts of one call, as a stream of pushes brings them.
const BATCH: usize = 50;
const ROUNDS: usize = 3;

pub async fn run() {
    let desk = Arc::new(Desk::start().await);
    let fsync = fsync_us(desk.folder.path());
    let mut ratios = Vec::new();
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let before = rows(&desk.url).await;
        let took = streamed(&desk, round).await;
        let tickets = TENANTS * BATCH;
        let copied = copy(&desk, before).await;
        let rate = tickets as f64 / took.as_secs_f64();
        let limit_rate = tickets as f64 / copied.as_secs_f64();
        ratios.push(rate / limit_rate);
        ours.push(rate);
        limit.push(limit_rate);
    }
    line(
        "durable-create",
        serde_json::json!({
            "what": "contacts recorded in calls of 50, 64 clients, 1000 tenants",
            "unit": "tickets/s", "ours": round(median(ours)), "limit": round(median(limit)),
            "limit_is": "server-side binary COPY of the same rows into the same tables, one transaction",
            "ratio": round(median(ratios)), "goal": 0.8, "fsync_us": fsync,
        }),
    );
    unary(&desk, fsync).await;
}

/// Each client has tenants of its own and walks through them.
async fn streamed(desk: &Arc<Desk>, round: usize) -> Duration {
    let started = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let desk = desk.clone();
        tokio::spawn(async move {
            for tenant in (0..TENANTS).filter(|tenant| tenant % CLIENTS == client) {
                record(&desk, &format!("t{tenant}"), round * BATCH, BATCH).await;
            }
        })
    });
    for client in join_all(clients).await {
        client.expect("no panic");
    }
    started.elapsed()
}

/// The tables that have rows, with how many.
async fn rows(url: &str) -> Vec<(String, i64)> {
    let database = Database::connect(url).await.expect("connects");
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('seaql_migrations', 'event_epoch')";
    let mut counted = Vec::new();
    for row in query(&database, tables).await {
        let table: String = row.try_get_by_index(0).expect("a name");
        let count = query(&database, &format!("SELECT count(*) FROM {table}")).await;
        counted.push((table, count[0].try_get_by_index(0).expect("a number")));
    }
    counted
}

async fn query(database: &sea_orm::DatabaseConnection, sql: &str) -> Vec<sea_orm::QueryResult> {
    let statement = Statement::from_string(database.get_database_backend(), sql.to_owned());
    database.query_all_raw(statement).await.expect("reads")
}

/// How long PostgreSQL takes to copy as many of the same rows into empty tables with the same indexes.
async fn copy(desk: &Desk, before: Vec<(String, i64)>) -> Duration {
    let source = Database::connect(&desk.url).await.expect("connects");
    let url = migrated(&desk.server).await;
    let target = Database::connect(&url).await.expect("connects");
    let mut load = vec!["BEGIN".to_owned()];
    for (table, after) in rows(&desk.url).await {
        let had = before
            .iter()
            .find(|(name, _)| *name == table)
            .map_or(0, |(_, count)| *count);
        let new = after - had;
        // Counters are changed in place: one row a tenant all the same.
        let count = if new == 0 { after } else { new };
        if count == 0 {
            continue;
        }
        let file = format!("/tmp/vorrang-bench-{}-{table}", std::process::id());
        let out = format!("COPY (SELECT * FROM {table} LIMIT {count}) TO '{file}' (FORMAT binary)");
        source.execute_unprepared(&out).await.expect("copies out");
        load.push(format!("COPY {table} FROM '{file}' (FORMAT binary)"));
    }
    load.push("COMMIT".to_owned());
    let started = Instant::now();
    target.execute_unprepared(&load.join(";")).await.expect("copies in");
    let took = started.elapsed();
    let (admin, name) = url.rsplit_once('/').expect("a database");
    drop((source, target));
    let admin = Database::connect(format!("{admin}/postgres")).await.expect("connects");
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    admin.execute_unprepared(&drop).await.expect("drops");
    let remove = format!(
        "COPY (SELECT 1) TO PROGRAM 'rm -f /tmp/vorrang-bench-{}-*'",
        std::process::id()
    );
    admin.execute_unprepared(&remove).await.expect("cleans up");
    took
}

/// How long one call waits for its answer, alone and among many.
async fn unary(desk: &Arc<Desk>, fsync: u64) {
    let mut customers = Vec::new();
    for tenant in 0..TENANTS {
        customers.push(some_customer(desk, &format!("t{tenant}")).await);
    }
    let customers = Arc::new(customers);
    let goal = 2.0 * fsync as f64 / 1_000.0 + 5.0;
    for (clients, calls) in [(1, 2_000), (8, 8_000), (CLIENTS, 20_000)] {
        let next = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let working = (0..clients).map(|_| {
            let (desk, customers, next) = (desk.clone(), customers.clone(), next.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= calls {
                        return took;
                    }
                    let tenant = number * 7 % TENANTS;
                    let request = opening(&customers[tenant]);
                    let mut tickets = desk.tickets(&format!("t{tenant}"));
                    let started = Instant::now();
                    tickets.create_ticket(request).await.expect("created");
                    took.push(started.elapsed());
                }
            })
        });
        let mut took: Vec<Duration> = join_all(working)
            .await
            .into_iter()
            .flat_map(|client| client.expect("no panic"))
            .collect();
        let rate = took.len() as f64 / started.elapsed().as_secs_f64();
        took.sort_unstable();
        line(
            "durable-create-unary",
            serde_json::json!({
                "what": format!("CreateTicket, {clients} clients in a closed loop, 1000 tenants"),
                "unit": "ms", "ours_p50": quantile(&took, 0.5), "ours": quantile(&took, 0.99), "max": millis(took[took.len() - 1]),
                "limit": round(goal), "limit_is": "2 fsync + 5 ms, at p99", "ratio": round(quantile(&took, 0.99) / goal), "goal": 1.0,
                "calls_per_s": round(rate), "fsync_us": fsync,
            }),
        );
    }
}
