//! Promises: kept with their tickets, in the transaction of whatever happens to them.
//!
//! A ticket's row holds its newest targets and when there will be something to tell (`next_sla_at`). The terms lie apart,
//! each once. What happened lies in messages and [`states`], so that all targets can be judged anew at any time.

mod due;
mod follow;
mod policies;
mod policy_set;
mod recalculate;
mod rejudge;
mod schedules;
mod states;
mod terms;

pub use policy_set::{PolicyCache, uses_schedule};
pub use terms::TermsCache;
