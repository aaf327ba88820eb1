//! What analytics reaches over two years of made-up tickets. One JSON line a figure.
//!
//! `cargo bench -p vorrang-analytics --bench analytics -- NAME… [TICKETS]` with NAME out of `kpi-query`, `fold`, `start`, `all`; TICKETS in all
//! tenants together, a million without it. Without a name it says so and ends, which is what `cargo test` sees.

mod fold;
mod history;
mod queries;
mod start;

use std::time::Duration;

use serde_json::json;

fn main() {
    const ALL: [&str; 3] = ["kpi-query", "fold", "start"];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let tickets = wanted.iter().find_map(|one| one.parse().ok()).unwrap_or(1_000_000);
    let all = wanted.iter().any(|one| one == "all");
    let chosen: Vec<&str> = ALL
        .into_iter()
        .filter(|known| all || wanted.iter().any(|one| one == known))
        .collect();
    if chosen.is_empty() {
        println!("name what to measure: {}, all", ALL.join(", "));
        return;
    }
    for name in chosen {
        eprintln!("{name} …");
        match name {
            "kpi-query" => queries::run(tickets),
            "fold" => fold::run(tickets),
            _ => start::run(tickets),
        }
    }
}

/// Prints one figure.
fn figure(name: &str, value: f64, unit: &str, about: &str) {
    println!(
        "{}",
        json!({"figure": name, "value": value, "unit": unit, "about": about})
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Megabytes that this process takes.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.expect("a number") / 1024.0
}
