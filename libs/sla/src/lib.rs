//! Service level: what was promised to a ticket, by when it falls due, and whether it was kept.
//!
//! ```text
//! [Policy]  --pick-->  Goals + Schedule = Terms      what one ticket was promised when it was opened
//! Terms + [Fact] + now --judge-->  [Target]          the whole history at once (figures, corrections)
//! Terms + Tracker + Fact --apply-->  Tracker         one fact after the other (live), the same answers
//! Tracker + what was told + now --report-->  [News]  what is to be told now, and when to look again
//! ```
//!
//! The rules:
//! - A *turn* is a run of customer messages with no reply, solve or close in between. The first turn of a conversation is
//!   owed a first response, every later one a next response; resolution runs from the opening to the first solve.
//! - A target is due at the earliest instant at which its seconds are used up on its clock, which may stand still in some
//!   states (resolution: while pending). A target on the business clock without a calendar does not exist.
//! - A reply at or before the due time meets it. A turn that was ended by a solve or close by then, or a ticket that is
//!   solved or closed at the due time, is owed nothing. Past the due time it is missed, whatever comes later. At the due
//!   instant itself it still runs.
//!
//! Everything is decided by the times of the facts and by `now`, never by when somebody looked: the same history always
//! gives the same answer. Pure: no clock, no IO.

mod fact;
mod goal;
mod judge;
mod policy;
mod target;
mod terms;
mod tracker;
mod watch;

pub use fact::{Fact, Status, What};
pub use goal::{ClockKind, Goal, Metric, Problem, SECONDS_MAX, Warning, check};
pub use judge::judge;
pub use policy::{Match, Policy, Subject, pick};
pub use target::{End, How, Standing, Target};
pub use terms::Terms;
pub use tracker::{Late, Tracker};
pub use watch::{News, Watch};

#[cfg(test)]
mod tests;
