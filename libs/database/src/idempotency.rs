//! Repeated calls: the first answer is stored with the effect and given again.
//!
//! A mutating call runs [`begin`] first in its transaction, does its work when that says [`Begin::New`], and runs
//! [`finish`] with its encoded answer before the commit. A call that fails rolls back and stores nothing, so only
//! successes are repeated. Streams and batches do the same per item with [`begin_many`] and [`finish_many`].
//!
//! A twin that is still running: on PostgreSQL the second call gets Conflict `REQUEST_IN_PROGRESS` at once; on SQLite
//! it has waited its turn for the one writer and finds the stored answer.

mod begin;
mod finish;
mod migration;
mod purge;

pub use begin::{REQUEST_ID_MAX, begin, begin_many};
pub use finish::{finish, finish_many};
pub use migration::Migration;
pub use purge::{KEPT, purge};

/// Whether the work is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// First time: do it, then [`finish`].
    New,
    /// Done before: this was the answer.
    Same(Vec<u8>),
}
