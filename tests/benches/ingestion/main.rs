//! What ingestion reaches, beside the limit of the same machine in the same run. One JSON line a figure.
//!
//! `cargo bench -p vorrang-tests --bench ingestion -- NAME…` with NAME out of `raw-mails`, `push-stream`, `all`. Without a name it says so and
//! ends, which is what `cargo test` sees.

mod mails;
mod stream;

fn main() {
    const ALL: [&str; 2] = ["raw-mails", "push-stream"];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    if let [role, server] = wanted.as_slice()
        && role == stream::CLIENT
    {
        let server = server.clone();
        vorrang_testkit::run(async move { stream::client(&server).await });
        return;
    }
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
        vorrang_testkit::run(async move {
            match name {
                "raw-mails" => mails::run().await,
                _ => stream::run().await,
            }
        });
    }
}

/// Seconds of processor that this process has used.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // Fields 14 and 15, behind the name in parentheses, in hundredths of a second on every Linux that there is.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}
