//! One line of a policy: within how many seconds what has to happen.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::fact::Status;

/// Most seconds of a goal: ten years of 365 days.
pub const SECONDS_MAX: i64 = 315_360_000;

/// A target is at risk when this much of it is used up, unless its goal says otherwise.
const WARN_PERCENT: u8 = 80;

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The reply to the first turn of the conversation.
    FirstResponse,
    /// The reply to each later turn.
    NextResponse,
    /// The first solve.
    Resolution,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FirstResponse, Self::NextResponse, Self::Resolution];

    /// The word in histories and figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
        }
    }
}

/// Which seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// All of them.
    Elapsed,
    /// Those in which the desk is open.
    Business,
}

/// From when on a running target is at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// When this share of its seconds is used up, 1 to 99.
    Percent(u8),
    /// When no more than this many of its seconds are left: 1 to less than all.
    SecondsLeft(i64),
}

/// What has to happen within how many seconds of which clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What.
    pub metric: Metric,
    /// Seconds, 1 to [`SECONDS_MAX`].
    pub seconds: i64,
    /// Which seconds count.
    pub clock: ClockKind,
    /// From when on it is at risk.
    pub warning: Warning,
    /// In which states its clock stands still: PENDING and ON_HOLD are possible.
    pub pauses: Vec<Status>,
}

/// What is wrong with a list of goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Seconds out of range.
    Seconds,
    /// A warning out of range.
    Warning,
    /// A state in which no clock may stand still.
    Pauses,
    /// An earlier goal is about the same metric.
    Twice,
}

impl Goal {
    /// A goal with the usual warning and pauses: resolution stands still while pending, a response never.
    pub fn new(metric: Metric, seconds: i64, clock: ClockKind) -> Self {
        Self {
            metric,
            seconds,
            clock,
            warning: Warning::Percent(WARN_PERCENT),
            pauses: Self::usual_pauses(metric),
        }
    }

    /// In which states the clock of `metric` stands still when nobody says otherwise.
    pub fn usual_pauses(metric: Metric) -> Vec<Status> {
        match metric {
            Metric::Resolution => vec![Status::Pending],
            Metric::FirstResponse | Metric::NextResponse => Vec::new(),
        }
    }

    /// All its time.
    pub fn allowance(&self) -> TimeDelta {
        TimeDelta::seconds(self.seconds)
    }

    /// How much of its time is left when it becomes at risk.
    pub fn margin(&self) -> TimeDelta {
        match self.warning {
            Warning::Percent(percent) => {
                let micros = self.seconds * 10_000 * (100 - i64::from(percent.min(100)));
                TimeDelta::microseconds(micros)
            }
            Warning::SecondsLeft(seconds) => TimeDelta::seconds(seconds.min(self.seconds)),
        }
    }

    /// Whether the clock stands still in `status`.
    pub fn pauses_in(&self, status: Status) -> bool {
        self.pauses.contains(&status)
    }
}

/// Everything that is wrong with `goals`, each with the index of its goal.
pub fn check(goals: &[Goal]) -> Vec<(usize, Problem)> {
    let mut problems = Vec::new();
    for (index, goal) in goals.iter().enumerate() {
        if !(1..=SECONDS_MAX).contains(&goal.seconds) {
            problems.push((index, Problem::Seconds));
        }
        let warning_fits = match goal.warning {
            Warning::Percent(percent) => (1..=99).contains(&percent),
            Warning::SecondsLeft(seconds) => (1..goal.seconds.max(2)).contains(&seconds),
        };
        if !warning_fits {
            problems.push((index, Problem::Warning));
        }
        if !goal
            .pauses
            .iter()
            .all(|status| matches!(status, Status::Pending | Status::OnHold))
        {
            problems.push((index, Problem::Pauses));
        }
        if goals[..index].iter().any(|other| other.metric == goal.metric) {
            problems.push((index, Problem::Twice));
        }
    }
    problems
}
