//! What sets an automation off.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_sla::Metric;

use super::Cause;

pub use crate::words::{AnchorKind, AutomationOutcome as Outcome, EventKind};

/// What is recorded this much later than it happened is history: an import or a backfill sets nothing off.
pub const HISTORY_AFTER: TimeDelta = TimeDelta::days(7);

/// What sets an automation off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Any of these happens.
    Events(Vec<EventKind>),
    /// So much time passes.
    Time(TimeTrigger),
}

/// So much time passes since something, or so much is left until it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeTrigger {
    /// Since or until what.
    pub anchor: AnchorKind,
    /// How much.
    pub seconds: i64,
    /// Whether it is until a due time.
    pub before: bool,
    /// Whether only the open time of the ticket's schedule counts.
    pub business: bool,
    /// Of a due time: which target.
    pub metric: Option<Metric>,
}

impl Trigger {
    /// The time that it waits for.
    pub fn time(&self) -> Option<&TimeTrigger> {
        match self {
            Self::Events(_) => None,
            Self::Time(trigger) => Some(trigger),
        }
    }

    /// What of this sets it off.
    pub fn fits(&self, happening: &Happening) -> Option<EventKind> {
        match self {
            Self::Events(kinds) => happening.what.iter().copied().find(|kind| kinds.contains(kind)),
            Self::Time(_) => None,
        }
    }
}

/// Something that happened to a ticket, as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The event.
    pub event: Uuid,
    /// Its place in the log.
    pub seq: i64,
    /// The ticket that automations look at.
    pub ticket: Uuid,
    /// What it means.
    pub what: Vec<EventKind>,
    /// Whether it may move a time that is waited for.
    pub moves: bool,
    /// What led to it.
    pub cause: Cause,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Happening {
    /// Whether it is told so late that nothing is to be done about it.
    pub fn is_history(&self) -> bool {
        self.recorded_at - self.occurred_at > HISTORY_AFTER
    }
}
