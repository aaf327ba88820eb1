//! One promise to one ticket, as it stands.

use chrono::{DateTime, TimeDelta, Utc};

use crate::goal::{ClockKind, Metric};

/// How a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Owed, not due yet.
    Running,
    /// Owed, its clock stands still.
    Paused,
    /// Kept in time.
    Met,
    /// Not kept in time.
    Missed,
    /// Nothing was owed, or nothing is owed any more. Counts on neither side.
    NotOwed,
}

impl Standing {
    /// Whether it can still become met or missed by itself.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

/// What ended the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A reply.
    Replied,
    /// A solve.
    Solved,
    /// The ticket was closed.
    Closed,
}

/// The end of a wait, in time or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct End {
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// What ended it.
    pub how: How,
}

/// One promise to one ticket, as it stands at the time it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What was promised.
    pub metric: Metric,
    /// Which turn of the conversation it is about, from 1; 0 for resolution.
    pub turn: u32,
    /// Within how many seconds.
    pub seconds: i64,
    /// Which seconds count.
    pub clock: ClockKind,
    /// Since when it was owed.
    pub started_at: DateTime<Utc>,
    /// When its time was or will be used up. Of a paused one: as if it went on now. None: never, since the desk does not
    /// open any more.
    pub due_at: Option<DateTime<Utc>>,
    /// From when on it was or will be at risk; the same.
    pub warn_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub standing: Standing,
    /// What ended the wait: the reply or end of the turn, the first solve. None: somebody still waits.
    pub end: Option<End>,
    /// What is left on its clock, or was at `since`; zero when it is used up or decided.
    pub left: TimeDelta,
    /// When `left` was read off a clock that runs; none: it does not run.
    pub since: Option<DateTime<Utc>>,
    /// Whether it was told to be at risk. Known to a [`crate::Watch`] only.
    pub warned: bool,
}
