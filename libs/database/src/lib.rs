//! Where a service keeps what it owns: SQLite or PostgreSQL behind one [`Database`], the event log that
//! commits together with each change, and the table that makes repeated calls harmless.
//!
//! Guarantees:
//! - A [`Tx`] belongs to one tenant: the second tenant is refused, so counter rows cannot deadlock.
//! - The sequence of [`event_log`] is dense per tenant and in commit order.
//! - A commit whose outcome is unknown says so (`OUTCOME_UNKNOWN`) instead of "failed".
//! - Nothing here reads the clock; times come in as arguments and are stored as UTC microseconds.

mod connect;
mod database;
pub mod erased;
mod error;
pub mod event_log;
pub mod fingerprints;
pub mod idempotency;
mod rows;
mod schema;
mod sql;
mod time;
mod tx;

pub use database::{Database, Engine};
pub use error::error;
pub use rows::insert_rows;
pub use time::{from_micros, micros};
pub use tx::Tx;
