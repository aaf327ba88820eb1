//! What hangs on the wall: today's figures with their goals, grades and the course of two weeks. Pure.
//!
//! A goal is a benchmark with the label `goal` that holds now (an outside figure of one's own making).

use chrono::Days;
use chrono_tz::Tz;

use crate::buckets::{self, Grain, Micros};
use crate::kpis::{self, Clock, Direction, Grade, Kpi, Measure, SERVICE_LEVEL, Unit, report};
use crate::query::{Figures, Query, run, spans};
use crate::view::View;

/// The label of a benchmark that is a goal.
const GOAL: &str = "goal";
/// Days of a course, today included.
const DAYS: u64 = 14;

/// Which number of a figure is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    /// Its value.
    Value,
    /// The median of a duration: one contact that waited over the weekend must not paint the wall.
    Median,
}

/// What is shown, in the order of the wall.
const SHOWN: [(&str, Number); 8] = [
    ("tickets_open", Number::Value),
    ("tickets_created", Number::Value),
    ("tickets_solved", Number::Value),
    ("first_response_time", Number::Median),
    ("queue_wait_time", Number::Median),
    ("sla_attainment", Number::Value),
    ("abandonment_rate", Number::Value),
    ("csat", Number::Value),
];

/// The wall.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// The moment as of which all holds.
    pub as_of: Micros,
    /// Today's figures.
    pub tiles: Vec<Tile>,
    /// Today's grade of the desk, with its weighted mean.
    pub grade: Option<(f64, Grade)>,
    /// The factors of the grade.
    pub factors: Vec<(&'static str, Grade)>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The figure.
    pub id: &'static str,
    /// What its number is.
    pub unit: Unit,
    /// Which way is good.
    pub direction: Direction,
    /// Today's number; None: null.
    pub value: Option<f64>,
    /// How many things are behind it.
    pub count: u64,
    /// Things of today without a value yet.
    pub open: u64,
    /// What it should be.
    pub goal: Option<f64>,
    /// Whether it is as it should be; None: no goal or no value.
    pub is_met: Option<bool>,
    /// The number of each of the last days, today last.
    pub course: Vec<Option<f64>>,
}

/// The wall as of the moment of `view`, whose local day in `zone` is today.
pub fn board(view: &View<'_>, zone: Tz) -> Board {
    let as_of = view.as_of();
    let today = buckets::local_date(zone, as_of);
    let midnight = |days_back: u64| {
        let date = today.checked_sub_days(Days::new(days_back)).unwrap_or(today);
        buckets::midnight(zone, date)
    };
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let end = buckets::midnight(zone, tomorrow);
    let query = |kpi: &'static Kpi, from: Micros, grain: Option<Grain>| Query {
        kpi,
        variant: &kpi.variants[0],
        clock: Clock::Elapsed,
        from,
        to: end,
        zone,
        grain,
        by: &[],
        filters: &[],
    };
    let mut tiles = Vec::new();
    for (id, number) in SHOWN {
        let Some(kpi) = kpis::find(id) else { continue };
        let now = run(view, &query(kpi, midnight(0), None)).total;
        let days = query(kpi, midnight(DAYS - 1), Some(Grain::Day));
        let rows = run(view, &days).rows;
        // A day of which nothing is told: nothing happened, which of a count is 0.
        let nothing = (kpi.variants[0].measure == Measure::Count).then_some(0.0);
        let course = spans(&days, Grain::Day).into_iter().map(|span| {
            let row = rows.iter().find(|row| row.bucket == Some(span.start));
            row.map_or(nothing, |row| shown(&row.figures, number))
        });
        let value = shown(&now, number);
        let goal = goal(view, id, as_of);
        tiles.push(Tile {
            id,
            unit: kpi.variants[0].unit,
            direction: kpi.direction,
            value,
            count: now.count,
            open: now.open,
            goal,
            is_met: value.zip(goal).map(|(value, goal)| is_met(kpi.direction, value, goal)),
            course: course.collect(),
        });
    }
    let grades = report(view, &query(SERVICE_LEVEL, midnight(0), None)).desk;
    Board {
        as_of,
        tiles,
        grade: grades.overall,
        factors: grades
            .factors
            .iter()
            .map(|factor| (factor.name, factor.grade()))
            .collect(),
    }
}

fn shown(figures: &Figures, number: Number) -> Option<f64> {
    match number {
        Number::Value => figures.value,
        Number::Median => figures.median,
    }
}

fn goal(view: &View<'_>, id: &str, as_of: Micros) -> Option<f64> {
    let strings = view.facts().strings();
    let benchmarks = view.facts().benchmarks(id, as_of);
    let goal = benchmarks.iter().find(|one| strings.text(one.label) == GOAL);
    goal.map(|one| one.value)
}

/// Of what is neither good nor bad, more than planned is more than there are people for.
fn is_met(direction: Direction, value: f64, goal: f64) -> bool {
    match direction {
        Direction::Higher => value >= goal,
        Direction::Lower | Direction::Neutral => value <= goal,
    }
}

#[cfg(test)]
mod tests;
