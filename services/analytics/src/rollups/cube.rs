//! One cube: sums by dimensions and by hour or day.
//!
//! Figures that count a thing once, however often it was observed, need a little more: what was observed in one cell only is summed
//! up there as one; the few things that were observed in several are kept by themselves, and decided when a period is asked for.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use super::Shape;
use crate::buckets::{Axis, Micros};
use crate::dimensions::Dimension;
use crate::kpis::{Clock, Measure, Observation, Observe, Outcome, Subject, Variant};
use crate::query::{Part, Sign, Sums, keys_of};
use crate::rows::Took;
use crate::view::View;

/// More different values of the dimensions than anybody can read: rows answer then.
const KEYS_MAX: usize = 10_000;
/// Roughly, of a cell without its values, and of a thing kept by itself.
const CELL_BYTES: usize = 240;
const SEVERAL_BYTES: usize = 160;

/// Sums of one figure by dimensions and by hour or day.
pub struct Cube {
    pub(super) variant: &'static Variant,
    clock: Clock,
    zone: Tz,
    pub(super) by: Vec<Dimension>,
    pub(super) axis: Axis,
    pub(super) series: HashMap<Vec<Part>, Series>,
    /// When it was used last, in uses of any cube.
    pub(super) used: u64,
    is_too_wide: bool,
}

/// Everything under one key.
#[derive(Default)]
pub struct Series {
    /// By the beginning of the hour or day.
    pub cells: BTreeMap<Micros, Cell>,
    /// Things that are counted once and were observed in several cells.
    pub several: HashMap<Subject, Vec<Seen>>,
}

/// What was counted in one hour or day.
pub struct Cell {
    pub sums: Sums,
    /// Nothing was ever counted in it before and after these times.
    pub earliest: Micros,
    pub latest: Micros,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            sums: Sums::default(),
            earliest: Micros::MAX,
            latest: Micros::MIN,
        }
    }
}

impl Cell {
    fn at(&mut self, at: Micros) -> &mut Sums {
        self.earliest = self.earliest.min(at);
        self.latest = self.latest.max(at);
        &mut self.sums
    }
}

/// One observation of a thing that is counted once.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub at: Micros,
    hit: bool,
    took: Micros,
}

/// What is counted: an outcome, or that so many more stand open from then on.
#[derive(Debug, Clone, Copy)]
enum Counted {
    Outcome(Outcome),
    More(i64),
}

/// Whether observations are not counted by themselves.
pub fn is_by_subject(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::DurationBySubject | Measure::ShareBySubject | Measure::PerAgent { .. }
    )
}

/// Adds all observations of one thing as what they are together, or takes them out.
pub fn add_one(sums: &mut Sums, measure: Measure, seen: &[Seen], sign: Sign) {
    let outcome = match measure {
        Measure::DurationBySubject => {
            let took = seen.iter().map(|seen| seen.took).sum();
            Outcome::Took(Took {
                elapsed: took,
                business: Some(took),
            })
        }
        Measure::PerAgent { once: false } => {
            for _ in seen {
                sums.add(Outcome::Happened, Clock::Elapsed, sign);
            }
            return;
        }
        _ => Outcome::Hit(seen.iter().any(|seen| seen.hit)),
    };
    sums.add(outcome, Clock::Elapsed, sign);
}

impl Cube {
    /// Nothing counted yet.
    pub fn new(shape: &Shape, variant: &'static Variant) -> Self {
        Self {
            variant,
            clock: shape.clock,
            zone: shape.zone,
            by: shape.by.clone(),
            axis: Axis::new(shape.zone, shape.grain),
            series: HashMap::new(),
            used: 0,
            is_too_wide: false,
        }
    }

    /// Whether it was given up.
    pub fn is_too_wide(&self) -> bool {
        self.is_too_wide
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let of = |series: &Series| {
            let cells = series.cells.values();
            let cells: usize = cells.map(|cell| CELL_BYTES + 8 * cell.sums.kept()).sum();
            cells + SEVERAL_BYTES * series.several.len()
        };
        self.series.values().map(of).sum()
    }

    /// Puts all values in order.
    pub fn settle(&mut self) {
        let cells = self.series.values_mut().flat_map(|series| series.cells.values_mut());
        cells.for_each(|cell| cell.sums.settle());
    }

    /// Counts everything that is in `view`, or takes it out: things whole, as they were put in.
    pub fn take<'v>(&mut self, view: &'v View<'v>, sign: Sign) {
        if self.is_too_wide {
            return;
        }
        let (by, zone, clock) = (std::mem::take(&mut self.by), self.zone, self.clock);
        let by_subject = is_by_subject(self.variant.measure);
        let mut thing = Thing::default();
        each(
            self.variant,
            (by.as_slice(), zone, clock),
            view,
            &mut |key, at, subject, counted| match counted {
                Counted::Outcome(outcome) if by_subject && outcome != Outcome::Open => {
                    if thing.subject != Some(subject) {
                        let done = std::mem::replace(&mut thing, Thing::of(subject));
                        self.thing(done, sign);
                    }
                    thing.see(key, at, outcome, clock);
                }
                counted => {
                    let start = self.axis.start_of(at);
                    let series = self.series.entry(key).or_default();
                    count(series.cells.entry(start).or_default().at(at), counted, clock, sign);
                }
            },
        );
        self.thing(thing, sign);
        self.by = by;
        if self.series.len() > KEYS_MAX {
            self.is_too_wide = true;
            self.series = HashMap::new();
        }
    }

    fn thing(&mut self, thing: Thing, sign: Sign) {
        let Some(subject) = thing.subject else { return };
        for (key, seen) in thing.seen {
            let series = self.series.entry(key).or_default();
            let mut starts = seen.iter().map(|seen| self.axis.start_of(seen.at));
            let Some(start) = starts.next() else { continue };
            if starts.all(|other| other == start) {
                let cell = series.cells.entry(start).or_default();
                for one in &seen {
                    cell.at(one.at);
                }
                add_one(&mut cell.sums, self.variant.measure, &seen, sign);
            } else if sign == Sign::Plus {
                series.several.insert(subject, seen);
            } else {
                series.several.remove(&subject);
            }
        }
    }

    /// Every outcome in `view`, with its key and time.
    pub fn observed<'v>(&self, view: &'v View<'v>) -> Vec<(Vec<Part>, Micros, Outcome)> {
        let mut found = Vec::new();
        let how = (self.by.as_slice(), self.zone, self.clock);
        each(self.variant, how, view, &mut |key, at, _, counted| {
            if let Counted::Outcome(outcome) = counted {
                found.push((key, at, outcome));
            }
        });
        found
    }

    /// Counts what is in `view` in `[from, to)`, by key; without things that are kept by themselves.
    pub fn gather<'v>(&self, view: &'v View<'v>, from: Micros, to: Micros) -> HashMap<Vec<Part>, Sums> {
        let mut found: HashMap<Vec<Part>, Sums> = HashMap::new();
        let by_subject = is_by_subject(self.variant.measure);
        let mut things: HashMap<(Vec<Part>, Subject), Vec<Seen>> = HashMap::new();
        let how = (self.by.as_slice(), self.zone, self.clock);
        each(self.variant, how, view, &mut |key, at, subject, counted| {
            if !(from..to).contains(&at) {
                return;
            }
            match counted {
                Counted::Outcome(outcome) if by_subject && outcome != Outcome::Open => {
                    let by_itself = self
                        .series
                        .get(&key)
                        .is_some_and(|series| series.several.contains_key(&subject));
                    if let Some(seen) = Seen::of(at, outcome, self.clock).filter(|_| !by_itself) {
                        things.entry((key, subject)).or_default().push(seen);
                    }
                }
                counted => count(found.entry(key).or_default(), counted, self.clock, Sign::Plus),
            }
        });
        for ((key, _), seen) in things {
            add_one(found.entry(key).or_default(), self.variant.measure, &seen, Sign::Plus);
        }
        found.values_mut().for_each(Sums::settle);
        found
    }
}

/// The observations of one thing, by key.
#[derive(Default)]
struct Thing {
    subject: Option<Subject>,
    seen: Vec<(Vec<Part>, Vec<Seen>)>,
}

impl Thing {
    fn of(subject: Subject) -> Self {
        Self {
            subject: Some(subject),
            seen: Vec::new(),
        }
    }

    fn see(&mut self, key: Vec<Part>, at: Micros, outcome: Outcome, clock: Clock) {
        let Some(seen) = Seen::of(at, outcome, clock) else {
            return;
        };
        match self.seen.iter_mut().find(|(known, _)| *known == key) {
            Some((_, all)) => all.push(seen),
            None => self.seen.push((key, vec![seen])),
        }
    }
}

impl Seen {
    /// None for a duration that has no seconds on `clock`.
    fn of(at: Micros, outcome: Outcome, clock: Clock) -> Option<Self> {
        let (mut hit, mut took) = (false, 0);
        match outcome {
            Outcome::Took(of) => {
                took = match clock {
                    Clock::Elapsed => of.elapsed,
                    Clock::Business => of.business?,
                };
            }
            Outcome::Hit(is_hit) | Outcome::Score { hit: is_hit, .. } => hit = is_hit,
            _ => {}
        }
        Some(Self { at, hit, took })
    }
}

fn count(sums: &mut Sums, counted: Counted, clock: Clock, sign: Sign) {
    match counted {
        Counted::Outcome(outcome) => {
            sums.add(outcome, clock, sign);
        }
        Counted::More(many) => sums.count(if sign == Sign::Plus { many } else { -many }),
    }
}

/// Tells everything that `view` has for a figure: under which key, when, of what, and what; all of one thing in a row.
fn each<'v>(
    variant: &Variant,
    (by, zone, clock): (&[Dimension], Tz, Clock),
    view: &'v View<'v>,
    tell: &mut dyn FnMut(Vec<Part>, Micros, Subject, Counted),
) {
    let needs_calendar = variant.measure.is_timed() && clock == Clock::Business;
    match variant.observe {
        Observe::Events(events) => events(view, &mut |observation| {
            if needs_calendar && !observation.has_calendar {
                return;
            }
            let outcome = Counted::Outcome(observation.outcome);
            for key in keys_of(by, zone, &observation) {
                tell(key, observation.at, observation.subject, outcome);
            }
        }),
        Observe::Levels(levels) => levels(view, &mut |level, dimensions, subject| {
            let begun = Observation::apart(subject, level.from, dimensions, Outcome::Happened);
            for key in keys_of(by, zone, &begun) {
                if level.to != Micros::MAX {
                    tell(key.clone(), level.to, subject, Counted::More(-1));
                }
                tell(key, level.from, subject, Counted::More(1));
            }
        }),
        Observe::Gathered(_) | Observe::Stretches(_) | Observe::Cohorts(_) | Observe::Answers(_) => {}
    }
}
