//! A ticket's promises, followed fact by fact: what is kept with a ticket while it lives.
//!
//! Holds the newest promise of each metric and just enough of the conversation to go on. What is decided here is decided by
//! facts alone; what only the passing of time decides is read off with [`Tracker::target`], so that a reply that is
//! recorded after the due time but was written before still meets its target.
//!
//! Facts must come in the order of their times. One that is [`Late`] needs the whole history: see [`Tracker::of`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fact::{Fact, Status, What};
use crate::goal::Metric;
use crate::target::{End, How, Standing, Target};
use crate::terms::Terms;

mod promise;

pub use promise::Promise;

/// A fact is older than one that was applied before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late;

/// See the head of this module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracker {
    #[serde(rename = "s")]
    status: Status,
    /// Solved, and not reopened since. A ticket that was closed without a solve is not.
    #[serde(rename = "f")]
    solved: bool,
    /// Whether a turn has begun that nothing has ended.
    #[serde(rename = "a")]
    awaiting: bool,
    /// Turns begun so far.
    #[serde(rename = "t")]
    turns: u32,
    /// The time of the last fact.
    #[serde(rename = "l", with = "chrono::serde::ts_microseconds_option")]
    latest: Option<DateTime<Utc>>,
    #[serde(rename = "p")]
    promises: Vec<Promise>,
}

impl Tracker {
    /// A ticket that is opened now, without anything said yet.
    pub fn new(terms: &Terms, opened_at: DateTime<Utc>) -> Self {
        let mut tracker = Self {
            status: Status::New,
            solved: false,
            awaiting: false,
            turns: 0,
            latest: None,
            promises: Vec::new(),
        };
        tracker.promise(terms, Metric::Resolution, 0, opened_at);
        tracker
    }

    /// The ticket after all of `facts`, in whatever order they are given; equal times count in the given order.
    pub fn of(terms: &Terms, opened_at: DateTime<Utc>, facts: &[Fact]) -> Self {
        let mut facts = facts.to_vec();
        facts.sort_by_key(|fact| fact.at);
        let mut tracker = Self::new(terms, opened_at);
        for fact in facts {
            // Sorted, so never late.
            let _ = tracker.apply(terms, fact);
        }
        tracker
    }

    /// Takes the next fact. Gives back the promise that makes room for a newer one of its metric.
    ///
    /// # Errors
    /// When the fact is older than one that was applied; then nothing was changed.
    pub fn apply(&mut self, terms: &Terms, fact: Fact) -> Result<Option<Promise>, Late> {
        if self.is_late(fact.at) {
            return Err(Late);
        }
        self.latest = Some(fact.at);
        self.fall_due_before(fact.at);
        match fact.what {
            What::CustomerWrote if !self.awaiting => {
                self.awaiting = true;
                self.turns += 1;
                let metric = if self.turns == 1 {
                    Metric::FirstResponse
                } else {
                    Metric::NextResponse
                };
                return Ok(self.promise(terms, metric, self.turns, fact.at));
            }
            What::CustomerWrote => {}
            What::Replied => self.end_turn(terms, fact.at, How::Replied),
            What::Became(status) => self.become_status(terms, status, fact.at),
        }
        Ok(None)
    }

    /// The newest promise of each metric.
    pub fn promises(&self) -> &[Promise] {
        &self.promises
    }

    /// How `promise`, one of ours, stands at `now`, which is not before the last fact.
    pub fn target(&self, terms: &Terms, promise: &Promise, now: DateTime<Utc>) -> Target {
        promise.target(terms, self.standing(promise, now), now)
    }

    /// How `promise`, one of ours, stands at `now`.
    pub fn standing(&self, promise: &Promise, now: DateTime<Utc>) -> Standing {
        if let Some(decided) = promise.decided {
            return decided;
        }
        let is_due = promise.due_at.is_some_and(|due| due < now);
        match (self.status.is_over(), is_due) {
            // Over now, and no fact since the due time: it was over then.
            (true, _) => Standing::NotOwed,
            (false, true) => Standing::Missed,
            (false, false) if promise.since.is_none() && promise.due_at.is_none() => Standing::Paused,
            (false, false) => Standing::Running,
        }
    }

    /// Whether somebody waits for what was promised.
    pub fn is_awaited(&self, promise: &Promise) -> bool {
        promise.end.is_none() && !self.status.is_over()
    }

    /// The status after the last fact.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether a fact of this time would be [`Late`].
    pub fn is_late(&self, at: DateTime<Utc>) -> bool {
        self.latest.is_some_and(|latest| at < latest)
    }

    fn promise(&mut self, terms: &Terms, metric: Metric, turn: u32, at: DateTime<Utc>) -> Option<Promise> {
        let place = self.promises.iter().position(|promise| promise.metric == metric);
        let replaced = place.map(|place| self.promises.remove(place));
        if let Some(goal) = terms.goal(metric) {
            let mut promise = Promise::new(goal, turn, at);
            if !goal.pauses_in(self.status) {
                promise.start(terms, goal, at);
            }
            self.promises.push(promise);
            self.promises.sort_by_key(|promise| promise.metric);
        }
        replaced
    }

    /// Decides what fell due before `at`: all facts up to the due times are in.
    fn fall_due_before(&mut self, at: DateTime<Utc>) {
        let over = self.status.is_over();
        for promise in self.promises.iter_mut().filter(|promise| promise.decided.is_none()) {
            if promise.due_at.is_some_and(|due| due < at) {
                promise.decided = Some(if over { Standing::NotOwed } else { Standing::Missed });
            }
        }
    }

    fn end_turn(&mut self, terms: &Terms, at: DateTime<Utc>, how: How) {
        if !std::mem::take(&mut self.awaiting) {
            return;
        }
        let turn = self.turns;
        let in_time = match how {
            How::Replied => Standing::Met,
            How::Solved | How::Closed => Standing::NotOwed,
        };
        let open = |promise: &&mut Promise| promise.turn == turn;
        if let Some(promise) = self.promises.iter_mut().find(open) {
            promise.finish(terms, in_time, End { at, how });
        }
    }

    fn become_status(&mut self, terms: &Terms, status: Status, at: DateTime<Utc>) {
        let solves = status == Status::Solved && !self.solved;
        let closes = status == Status::Closed && self.status != Status::Closed;
        self.status = status;
        self.solved = match status {
            Status::Solved => true,
            // Closing leaves a solved ticket solved.
            Status::Closed => self.solved,
            _ => false,
        };
        if solves || closes {
            self.end_turn(terms, at, if solves { How::Solved } else { How::Closed });
        }
        for promise in &mut self.promises {
            if solves && promise.metric == Metric::Resolution && promise.end.is_none() {
                let how = How::Solved;
                promise.finish(terms, Standing::Met, End { at, how });
            }
            let Some(goal) = terms.goal(promise.metric).filter(|_| promise.decided.is_none()) else {
                continue;
            };
            if goal.pauses_in(status) {
                promise.stop(terms, goal, at);
            } else {
                promise.start(terms, goal, at);
            }
        }
    }
}
