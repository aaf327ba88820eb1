//! Whether the rules hold: as worked examples, against a second-by-second oracle, and live against whole history.

mod agree;
mod examples;
mod oracle;
mod watch;

use chrono::{DateTime, Utc};
use vorrang_calendar::Schedule;

use crate::fact::{Fact, Status, What};
use crate::goal::{ClockKind, Goal, Metric};
use crate::terms::Terms;

/// A Monday, 00:00 UTC.
const MONDAY: i64 = 1_772_409_600;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(MONDAY + second, 0).expect("valid")
}

/// `at` a clock time of that Monday.
fn clock(text: &str) -> DateTime<Utc> {
    let mut parts = text.split(':').map(|part| part.parse::<i64>().expect("a number"));
    let mut next = || parts.next().unwrap_or(0);
    at(next() * 3_600 + next() * 60 + next())
}

fn wrote(at: DateTime<Utc>) -> Fact {
    Fact::new(at, What::CustomerWrote)
}

fn replied(at: DateTime<Utc>) -> Fact {
    Fact::new(at, What::Replied)
}

fn became(status: Status, at: DateTime<Utc>) -> Fact {
    Fact::new(at, What::Became(status))
}

fn elapsed(metric: Metric, seconds: i64) -> Goal {
    Goal::new(metric, seconds, ClockKind::Elapsed)
}

fn business(metric: Metric, seconds: i64) -> Goal {
    Goal::new(metric, seconds, ClockKind::Business)
}

/// Open every day of the week in these hours, UTC.
fn schedule(hours: &[&str]) -> Schedule {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly: serde_json::Map<_, _> = days.iter().map(|day| ((*day).to_owned(), hours.into())).collect();
    let version = serde_json::json!({"at": "2020-01-01T00:00:00Z", "time_zone": "UTC", "weekly": weekly});
    serde_json::from_value(serde_json::json!([version])).expect("a schedule")
}

fn terms(goals: &[Goal]) -> Terms {
    Terms::new(goals.to_vec(), None)
}
