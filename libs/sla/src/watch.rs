//! A tracker together with what was told about its targets: finds what is to be told now, and when to look again.
//!
//! Telling is not deciding. A target that was told as missed may turn out met when a reply arrives late that was written in
//! time: then that is told, as a correction of what was told before. Nothing is told twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::goal::Metric;
use crate::judge::judge;
use crate::target::{Standing, Target};
use crate::terms::Terms;
use crate::tracker::{Late, Promise, Tracker};

/// Something to tell about a target. `previous` is how it stood when it was last told; none: it is told for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It runs, and most of its time is used up.
    AtRisk(Target),
    /// It was not kept in time.
    Missed {
        /// The target.
        target: Target,
        /// How it stood when it was last told.
        previous: Option<Standing>,
        /// Whether its due time passed while we knew of it. Otherwise we learnt of it too late to act: a backfill, a late
        /// message, a correction.
        live: bool,
    },
    /// It was kept in time.
    Met {
        /// The target.
        target: Target,
        /// How it stood when it was last told.
        previous: Option<Standing>,
    },
    /// It is not as it was told: nothing is owed any more, or it is open again.
    Revised {
        /// The target; one that is gone is no longer owed.
        target: Target,
        /// How it stood when it was last told.
        previous: Standing,
    },
}

impl News {
    /// The target it is about.
    pub fn target(&self) -> &Target {
        match self {
            Self::AtRisk(target)
            | Self::Missed { target, .. }
            | Self::Met { target, .. }
            | Self::Revised { target, .. } => target,
        }
    }
}

/// See the head of this module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    tracker: Tracker,
    told: Vec<Told>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    reported_at: DateTime<Utc>,
}

/// What was last told about a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    #[serde(rename = "m")]
    metric: Metric,
    #[serde(rename = "b", with = "chrono::serde::ts_microseconds")]
    started_at: DateTime<Utc>,
    #[serde(rename = "s")]
    standing: Standing,
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    at_risk: bool,
}

impl Told {
    /// A later message of the conversation may turn out to be older than its first one, so the one target of its metric may
    /// get another start. Later turns are told apart by theirs.
    fn is_of(&self, metric: Metric, started_at: DateTime<Utc>) -> bool {
        self.metric == metric && (metric != Metric::NextResponse || self.started_at == started_at)
    }
}

impl Watch {
    /// A ticket that is opened now, without anything said yet.
    pub fn new(terms: &Terms, opened_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            tracker: Tracker::new(terms, opened_at),
            told: Vec::new(),
            reported_at: now,
        }
    }

    /// What is followed.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// The newest target of each metric as it was last told: what everybody may know, whatever time it is.
    pub fn told(&self) -> Vec<Target> {
        let promises = self.tracker.promises().iter();
        promises
            .filter_map(|promise| {
                let told = self.told_of(promise)?;
                Some(Target {
                    warned: told.at_risk,
                    ..promise.shown(told.standing)
                })
            })
            .collect()
    }

    fn told_of(&self, promise: &Promise) -> Option<&Told> {
        let mut told = self.told.iter();
        told.find(|told| told.is_of(promise.metric, promise.started_at))
    }

    /// All targets that are kept, as they stand at `now`.
    pub fn targets(&self, terms: &Terms, now: DateTime<Utc>) -> Vec<Target> {
        let promises = self.tracker.promises().iter();
        promises
            .map(|promise| self.tracker.target(terms, promise, now))
            .collect()
    }

    /// Takes what happened in one operation and finds what is to be told at `now`.
    ///
    /// # Errors
    /// When one of the facts is late; then nothing was changed, and the whole history is needed: [`Watch::rebuilt`].
    pub fn apply(&mut self, terms: &Terms, facts: &[Fact], now: DateTime<Utc>) -> Result<Vec<News>, Late> {
        let mut tracker = self.tracker.clone();
        let mut replaced = Vec::new();
        for fact in facts {
            replaced.extend(tracker.apply(terms, *fact)?);
        }
        self.tracker = tracker;
        let mut teller = Teller::new(&self.told, self.reported_at);
        for promise in &replaced {
            teller.tell(self.tracker.target(terms, promise, now), now);
        }
        Ok(self.report_with(terms, teller.news, now))
    }

    /// Finds what is to be told at `now`, without anything having happened but time.
    pub fn report(&mut self, terms: &Terms, now: DateTime<Utc>) -> Vec<News> {
        self.report_with(terms, Vec::new(), now)
    }

    fn report_with(&mut self, terms: &Terms, news: Vec<News>, now: DateTime<Utc>) -> Vec<News> {
        let mut teller = Teller::new(&self.told, self.reported_at);
        teller.news = news;
        let targets = self.targets(terms, now);
        let told = targets.into_iter().map(|target| teller.tell(target, now)).collect();
        let news = teller.news;
        self.told = told;
        self.reported_at = now;
        news
    }

    /// The same ticket with another history or other terms, and what is to be told about the difference: `before` are the
    /// facts that were followed under `old`, `after` those that are true under `new`.
    pub fn rebuilt(
        &self,
        (old, before): (&Terms, &[Fact]),
        (new, after): (&Terms, &[Fact]),
        opened_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> (Self, Vec<News>) {
        // What was told follows from what was known, and when it was told.
        let mut told: Vec<Told> = judge(old, opened_at, before, self.reported_at)
            .iter()
            .map(|target| Told {
                metric: target.metric,
                started_at: target.started_at,
                standing: target.standing,
                at_risk: false,
            })
            .collect();
        for kept in &self.told {
            told.retain(|told| !told.is_of(kept.metric, kept.started_at));
            told.push(kept.clone());
        }
        let mut teller = Teller::new(&told, self.reported_at);
        let targets = judge(new, opened_at, after, now);
        let tracker = Tracker::of(new, opened_at, after);
        let mut kept = Vec::new();
        for target in &targets {
            let told = teller.tell(target.clone(), now);
            let of_it = |promise: &Promise| promise.metric == target.metric && promise.turn == target.turn;
            if tracker.promises().iter().any(of_it) {
                kept.push(told);
            }
        }
        let gone = judge(old, opened_at, before, self.reported_at);
        for target in gone {
            let is_there = |other: &Target| {
                other.metric == target.metric
                    && (target.metric != Metric::NextResponse || other.started_at == target.started_at)
            };
            if !targets.iter().any(is_there) {
                teller.tell(
                    Target {
                        standing: Standing::NotOwed,
                        left: TimeDelta::zero(),
                        ..target
                    },
                    now,
                );
            }
        }
        let news = teller.news;
        let watch = Self {
            tracker,
            told: kept,
            reported_at: now,
        };
        (watch, news)
    }

    /// When there will be something to tell if nothing happens. None: never.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let promises = self.tracker.promises().iter();
        promises.filter_map(|promise| self.wake_for(promise)).min()
    }

    fn wake_for(&self, promise: &Promise) -> Option<DateTime<Utc>> {
        let told = self.told_of(promise);
        let is_open = told.is_none_or(|told| told.standing.is_open());
        if promise.decided.is_some() || self.tracker.status().is_over() || !is_open {
            return None;
        }
        // At the due instant itself it is still in time.
        let missed = promise.due_at.map(|due| due + TimeDelta::microseconds(1));
        let warns = told.is_none_or(|told| !told.at_risk) && promise.since.is_some();
        let at_risk = promise.warn_at.filter(|_| warns);
        [missed, at_risk].into_iter().flatten().min()
    }
}

/// Compares targets with what was told.
struct Teller<'a> {
    told: &'a [Told],
    reported_at: DateTime<Utc>,
    news: Vec<News>,
}

impl<'a> Teller<'a> {
    fn new(told: &'a [Told], reported_at: DateTime<Utc>) -> Self {
        Self {
            told,
            reported_at,
            news: Vec::new(),
        }
    }

    fn tell(&mut self, mut target: Target, now: DateTime<Utc>) -> Told {
        let before = self
            .told
            .iter()
            .find(|told| told.is_of(target.metric, target.started_at));
        let previous = before.map(|told| told.standing);
        let is_risky = target.warn_at.is_some_and(|warn| warn <= now);
        let at_risk = is_risky && (target.standing == Standing::Running || before.is_some_and(|told| told.at_risk));
        let told = Told {
            metric: target.metric,
            started_at: target.started_at,
            standing: target.standing,
            at_risk,
        };
        target.warned = at_risk;
        let warns = at_risk && target.standing == Standing::Running && before.is_none_or(|told| !told.at_risk);
        let warning = warns.then(|| News::AtRisk(target.clone()));
        let was_open = previous.is_some_and(Standing::is_open);
        match (target.standing, previous) {
            (standing, Some(previous)) if standing == previous => {}
            (Standing::Met, _) => self.news.push(News::Met { target, previous }),
            (Standing::Missed, _) => {
                let live = was_open && target.due_at.is_some_and(|due| due >= self.reported_at);
                self.news.push(News::Missed { target, previous, live });
            }
            // Between running and paused its ticket's state says it all; what never was told needs no taking back.
            (standing, Some(previous)) if !(was_open && standing.is_open()) => {
                self.news.push(News::Revised { target, previous });
            }
            _ => {}
        }
        self.news.extend(warning);
        told
    }
}
