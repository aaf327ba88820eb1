//! What one ticket was promised: goals, and the calendar of their business clocks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vorrang_calendar::{Calendar, Schedule};

use crate::goal::{ClockKind, Goal, Metric};

/// What one ticket was promised when it was opened. Its JSON is the goals and the schedule: a snapshot that later edits of
/// policy and schedule do not touch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Snapshot", into = "Snapshot")]
pub struct Terms {
    goals: Vec<Goal>,
    schedule: Option<Schedule>,
    calendar: Option<Calendar>,
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    goals: Vec<Goal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
}

impl Terms {
    /// `goals`, with the hours of `schedule` as the business clock; without one, goals on it do not exist.
    pub fn new(goals: Vec<Goal>, schedule: Option<Schedule>) -> Self {
        let calendar = schedule.as_ref().map(Calendar::shared);
        Self {
            goals,
            schedule,
            calendar,
        }
    }

    /// The goal about `metric`, if there is one that exists.
    pub fn goal(&self, metric: Metric) -> Option<&Goal> {
        let goal = self.goals.iter().find(|goal| goal.metric == metric)?;
        let exists = goal.clock == ClockKind::Elapsed || self.calendar.is_some();
        exists.then_some(goal)
    }

    /// The business clock.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_ref()
    }

    /// What of `[from, to)` counts on `clock`.
    pub(crate) fn used(&self, clock: ClockKind, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        match (clock, &self.calendar) {
            (ClockKind::Business, Some(calendar)) => calendar.business(from, to),
            _ => (to - from).max(TimeDelta::zero()),
        }
    }

    /// The earliest instant at which `left` is used up on `clock` from `from` on. None: never.
    pub(crate) fn used_up(&self, clock: ClockKind, from: DateTime<Utc>, left: TimeDelta) -> Option<DateTime<Utc>> {
        match (clock, &self.calendar) {
            (ClockKind::Business, Some(calendar)) => calendar.due(from, left),
            _ => from.checked_add_signed(left),
        }
    }
}

impl From<Snapshot> for Terms {
    fn from(snapshot: Snapshot) -> Self {
        Self::new(snapshot.goals, snapshot.schedule)
    }
}

impl From<Terms> for Snapshot {
    fn from(terms: Terms) -> Self {
        Self {
            goals: terms.goals,
            schedule: terms.schedule,
        }
    }
}
