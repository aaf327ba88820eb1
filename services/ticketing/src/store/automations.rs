//! Automations: defined, followed, fired, recorded.
//!
//! Whoever lets automations of a tenant work holds the tenant's row of `automation_cursors`, so that of any number of processes one
//! does, and moves the cursor in the transaction of what was done: what an event sets off is done exactly once, however often
//! anybody is killed.

mod definitions;
mod due;
mod follow;
mod listing;
mod moments;
mod runs;
mod test;

pub use follow::Followed;
pub use listing::{RunFilter, StoredRun};
pub use test::{Candidates, Tested, Verdict};
