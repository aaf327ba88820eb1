//! What a value is made of, in numbers that add up to it.
//!
//! Guarantee: the shares of all contributions of a figure add up to its count, open count, sum, numerator and denominator, where
//! it has them; of every figure. Pure.

use std::collections::{HashMap, HashSet};

use super::explain::{Item, explain, of_events};
use super::{Query, run};
use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::facts::Symbol;
use crate::kpis::{self, Clock, Measure, Outcome, Parts, Subject};
use crate::view::View;

/// What contributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A thing.
    Subject(Subject),
    /// A factor of a grade.
    Factor(&'static str),
}

/// One thing that contributed to a value.
#[derive(Debug, Clone, Copy)]
pub struct Contribution<'v> {
    /// What.
    pub cause: Cause,
    /// The time that decides to which period it belongs; None: it has none.
    pub at: Option<Micros>,
    /// Whose and what kind.
    pub dimensions: Dimensions<'v>,
    /// What was measured.
    pub value: Option<f64>,
    /// Its share.
    pub share: Share,
}

/// What it adds to each number of the value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    /// To the count.
    pub count: i64,
    /// To the things without a value yet.
    pub open: i64,
    /// To the sum.
    pub sum: f64,
    /// To the numerator.
    pub numerator: f64,
    /// To the denominator.
    pub denominator: f64,
}

/// Everything that contributed to the total of `query`, by time.
pub fn contributions<'v>(view: &'v View<'v>, query: &Query<'_>) -> Vec<Contribution<'v>> {
    if let Some(items) = explain(view, query) {
        return shared(items, query.variant.measure, query.clock);
    }
    match kpis::parts(query.kpi, query.variant) {
        Some(Parts::Events(events, measure)) => shared(of_events(view, query, events), measure, query.clock),
        Some(Parts::Uses(events)) => uses(of_events(view, query, events)),
        Some(Parts::Change(periods)) => change(view, query, periods(query)),
        Some(Parts::Factors(factors)) => {
            let factors = factors(view, query).into_iter();
            factors
                .map(|(name, weight, points)| factor(name, weight, points))
                .collect()
        }
        None => Vec::new(),
    }
}

fn factor<'v>(name: &'static str, weight: f64, points: f64) -> Contribution<'v> {
    Contribution {
        cause: Cause::Factor(name),
        at: None,
        dimensions: Dimensions::default(),
        value: Some(points),
        share: Share {
            count: 1,
            numerator: weight * points,
            denominator: weight,
            ..Share::default()
        },
    }
}

/// Tickets of now count for the change, those of before against it.
fn change<'v>(
    view: &'v View<'v>,
    query: &Query<'_>,
    (now, before): ((Micros, Micros), Option<(Micros, Micros)>),
) -> Vec<Contribution<'v>> {
    // Without an earlier period there is no answer at all.
    let Some(before) = before.filter(|_| run(view, query).total.denominator.is_some()) else {
        return Vec::new();
    };
    let created = |(from, to), share: Share| {
        let variant = &kpis::CREATED.variants[0];
        let query = Query {
            kpi: kpis::CREATED,
            variant,
            from,
            to,
            grain: None,
            ..query.clone()
        };
        let items = explain(view, &query).unwrap_or_default();
        items.into_iter().map(move |item| of(item, None, share))
    };
    let came = Share {
        count: 1,
        numerator: 1.0,
        ..Share::default()
    };
    let had_come = Share {
        numerator: -1.0,
        denominator: 1.0,
        ..Share::default()
    };
    created(before, had_come).chain(created(now, came)).collect()
}

/// Every use counts; the numerator is how many tickets had one.
fn uses(items: Vec<Item<'_>>) -> Vec<Contribution<'_>> {
    let mut seen = HashSet::new();
    let share = |item: Item<'_>, first: bool| Share {
        count: i64::from(matches!(item.outcome, Outcome::Happened)),
        numerator: f64::from(u8::from(first)),
        ..Share::default()
    };
    let each = items.into_iter().map(|item| {
        let first = seen.insert(item.subject);
        of(item, None, share(item, first))
    });
    each.collect()
}

fn of<'v>(item: Item<'v>, value: Option<f64>, share: Share) -> Contribution<'v> {
    Contribution {
        cause: Cause::Subject(item.subject),
        at: Some(item.at),
        dimensions: item.dimensions,
        value,
        share,
    }
}

/// What has been counted once already.
#[derive(Default)]
struct Seen {
    subjects: HashSet<Subject>,
    hits: HashSet<Subject>,
    above: HashSet<Subject>,
    agents: HashMap<Symbol, HashSet<Subject>>,
}

fn shared(items: Vec<Item<'_>>, measure: Measure, clock: Clock) -> Vec<Contribution<'_>> {
    let mut seen = Seen::default();
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let (value, hit) = match item.outcome {
            Outcome::Took(took) => {
                let micros = match clock {
                    Clock::Elapsed => Some(took.elapsed),
                    Clock::Business => took.business,
                };
                // Without a duration on this clock it is in none.
                let Some(micros) = micros else { continue };
                (Some(micros as f64 / 1e6), false)
            }
            Outcome::Value(value) => (Some(value), false),
            Outcome::Score { score, hit } => (Some(score), hit),
            Outcome::Hit(hit) => (None, hit),
            Outcome::Happened | Outcome::Side { .. } | Outcome::Time { .. } | Outcome::Open => (None, false),
        };
        all.push(of(item, value, seen.share(&item, value, hit, measure)));
    }
    all
}

impl Seen {
    fn share(&mut self, item: &Item<'_>, value: Option<f64>, hit: bool, measure: Measure) -> Share {
        if item.outcome == Outcome::Open {
            return Share {
                open: 1,
                ..Share::default()
            };
        }
        let one = |yes: bool| f64::from(u8::from(yes));
        let mut share = Share {
            count: 1,
            sum: value.unwrap_or(0.0),
            ..Share::default()
        };
        match measure {
            Measure::Count | Measure::Duration | Measure::Mean | Measure::Own => {}
            Measure::DurationBySubject => share.count = i64::from(self.subjects.insert(item.subject)),
            Measure::Share | Measure::Csat => {
                share.numerator = one(hit);
                share.denominator = 1.0;
            }
            Measure::ShareBySubject => {
                let first = self.subjects.insert(item.subject);
                share.count = i64::from(first);
                share.denominator = one(first);
                share.numerator = one(hit && self.hits.insert(item.subject));
            }
            Measure::Nps => {
                share.denominator = 1.0;
                share.numerator = match value {
                    Some(score) if score >= 9.0 => 1.0,
                    Some(score) if score <= 6.0 => -1.0,
                    _ => 0.0,
                };
            }
            Measure::PerAgent { once } => {
                share.count = 0;
                if let Some(agent) = item.dimensions.agent {
                    let first = !self.agents.contains_key(&agent);
                    let new = self.agents.entry(agent).or_default().insert(item.subject);
                    share.count = i64::from(first);
                    share.denominator = one(first);
                    share.numerator = one(new || !once);
                }
            }
            Measure::Ratio => {
                let above = item.outcome == Outcome::Side { above: true };
                share.numerator = one(above && self.above.insert(item.subject));
                share.denominator = one(!above && self.subjects.insert(item.subject));
                share.count = share.denominator as i64;
            }
            Measure::TimeShare => {
                share.count = 0;
                if let Outcome::Time { above, below } = item.outcome {
                    share.numerator = above as f64 / 1e6;
                    share.denominator = below as f64 / 1e6;
                }
            }
        }
        share
    }
}
