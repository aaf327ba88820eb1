//! One promise with its clock.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::goal::{ClockKind, Goal, Metric};
use crate::target::{End, Standing, Target};
use crate::terms::Terms;

/// One promise, with a clock that runs since a time or stands still. Stored with every ticket, hence its short names there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What was promised.
    #[serde(rename = "m")]
    pub metric: Metric,
    /// Which turn it is about, from 1; 0 for resolution.
    #[serde(rename = "t")]
    pub turn: u32,
    /// Within how many seconds.
    #[serde(rename = "n")]
    pub seconds: i64,
    /// Which seconds count.
    #[serde(rename = "c")]
    pub clock: ClockKind,
    /// Since when it was owed.
    #[serde(rename = "b", with = "chrono::serde::ts_microseconds")]
    pub started_at: DateTime<Utc>,
    /// What was left on its clock when it last started or stopped.
    #[serde(rename = "l", with = "micros")]
    pub left: TimeDelta,
    /// When its clock last started; none: it stands still.
    #[serde(rename = "r", with = "chrono::serde::ts_microseconds_option")]
    pub since: Option<DateTime<Utc>>,
    /// When its time is used up; stays once it was. None: its clock stands still, or it never will be.
    #[serde(rename = "d", with = "chrono::serde::ts_microseconds_option")]
    pub due_at: Option<DateTime<Utc>>,
    /// From when on it is at risk; stays once it was.
    #[serde(rename = "w", with = "chrono::serde::ts_microseconds_option")]
    pub warn_at: Option<DateTime<Utc>>,
    /// What facts decided.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Standing>,
    /// What ended the wait.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

impl Promise {
    pub(super) fn new(goal: &Goal, turn: u32, at: DateTime<Utc>) -> Self {
        Self {
            metric: goal.metric,
            turn,
            seconds: goal.seconds,
            clock: goal.clock,
            started_at: at,
            left: goal.allowance(),
            since: None,
            due_at: None,
            warn_at: None,
            decided: None,
            end: None,
        }
    }

    /// Lets the clock run from `at` on.
    pub(super) fn start(&mut self, terms: &Terms, goal: &Goal, at: DateTime<Utc>) {
        if self.since.is_some() || self.left.is_zero() {
            return;
        }
        self.since = Some(at);
        self.due_at = terms.used_up(goal.clock, at, self.left);
        self.warn_at = match self.warn_at {
            Some(reached) => Some(reached),
            None => terms.used_up(goal.clock, at, (self.left - goal.margin()).max(TimeDelta::zero())),
        };
    }

    /// Lets the clock stand still from `at` on. What was used up by then stays used up, at the time it was.
    pub(super) fn stop(&mut self, terms: &Terms, goal: &Goal, at: DateTime<Utc>) {
        let Some(since) = self.since.take() else { return };
        self.warn_at = self.warn_at.filter(|warn| *warn <= at);
        if self.due_at.is_some_and(|due| due <= at) {
            self.left = TimeDelta::zero();
            return;
        }
        self.left -= terms.used(goal.clock, since, at);
        self.due_at = None;
    }

    /// Ends the wait: as `in_time` says, unless it was too late.
    pub(super) fn finish(&mut self, terms: &Terms, in_time: Standing, end: End) {
        self.end.get_or_insert(end);
        if self.decided.is_none() {
            self.decided = Some(in_time);
            if let Some(goal) = terms.goal(self.metric) {
                (self.due_at, self.warn_at) = self.as_if_it_went_on(terms, goal, end.at);
            }
        }
    }

    /// When it would be due and at risk if a clock that stands still went on at `at`.
    fn as_if_it_went_on(
        &self,
        terms: &Terms,
        goal: &Goal,
        at: DateTime<Utc>,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let mut promise = self.clone();
        promise.start(terms, goal, at);
        (promise.due_at, promise.warn_at)
    }

    pub(super) fn target(&self, terms: &Terms, standing: Standing, now: DateTime<Utc>) -> Target {
        let goal = terms.goal(self.metric);
        let (due_at, warn_at) = match (standing, goal) {
            (Standing::Paused, Some(goal)) => self.as_if_it_went_on(terms, goal, now),
            _ => (self.due_at, self.warn_at),
        };
        let left = match (standing, self.since, goal) {
            (Standing::Running, Some(since), Some(goal)) => self.left - terms.used(goal.clock, since, now),
            (Standing::Paused, ..) => self.left,
            _ => TimeDelta::zero(),
        };
        Target {
            due_at,
            warn_at,
            left: left.max(TimeDelta::zero()),
            since: (standing == Standing::Running).then_some(now),
            ..self.shown(standing)
        }
    }

    /// As it is kept: what runs says since when and how much was left then.
    pub(crate) fn shown(&self, standing: Standing) -> Target {
        Target {
            metric: self.metric,
            turn: self.turn,
            seconds: self.seconds,
            clock: self.clock,
            started_at: self.started_at,
            due_at: self.due_at,
            warn_at: self.warn_at,
            standing,
            end: self.end,
            left: if standing.is_open() {
                self.left
            } else {
                TimeDelta::zero()
            },
            since: self.since.filter(|_| standing == Standing::Running),
            warned: false,
        }
    }
}

/// A duration as whole microseconds.
mod micros {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(delta: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
        delta.num_microseconds().unwrap_or(i64::MAX).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeDelta, D::Error> {
        i64::deserialize(deserializer).map(TimeDelta::microseconds)
    }
}
