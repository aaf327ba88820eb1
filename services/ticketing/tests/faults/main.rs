//! What breaks under ticketing on PostgreSQL: its own process, the server, the line between them.
//!
//! The daily run takes samples; with `VORRANG_FULL=1` every step is broken and the counts are those of the fault list.

mod desk;
mod killed_postgres;
mod killed_service;
mod lost_replies;
mod maintenance;
mod work;

/// Whether the full counts are wanted.
pub fn full() -> bool {
    std::env::var_os("VORRANG_FULL").is_some_and(|value| !value.is_empty() && value != "0")
}

/// One of two counts.
pub fn count(daily: usize, whole: usize) -> usize {
    if full() { whole } else { daily }
}
