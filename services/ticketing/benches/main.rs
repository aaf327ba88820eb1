//! What ticketing reaches, beside the limit of the same machine in the same run. One JSON line a figure.
//!
//! `cargo bench -p vorrang-ticketing --bench ticketing -- NAME…` with NAME out of `durable-create`, `hot-tenant`, `feed-catchup`,
//! `live-tail`, `all`. Without a name it says so and ends, which is what `cargo test` sees. A PostgreSQL of its own runs with fsync on; the
//! probe beside each figure says what an fsync costs on its disk.

mod create;
mod desk;
mod feed;
mod hot;

fn main() {
    const ALL: [&str; 4] = ["durable-create", "hot-tenant", "feed-catchup", "live-tail"];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let wanted: Vec<&str> = match wanted.iter().any(|one| one == "all") {
        true => ALL.to_vec(),
        false => ALL
            .into_iter()
            .filter(|known| wanted.iter().any(|one| one == known))
            .collect(),
    };
    if wanted.is_empty() {
        println!("name what to measure: {}, all", ALL.join(", "));
        return;
    }
    for name in wanted {
        eprintln!("{name} …");
        vorrang_testkit::run(async move {
            match name {
                "durable-create" => create::run().await,
                "hot-tenant" => hot::run().await,
                "feed-catchup" => feed::catch_up().await,
                _ => feed::live_tail().await,
            }
        });
    }
}
