//! A figure beside what it was: the period before, the same period a year ago. Pure.

use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::{Days, Months, NaiveDate};
use chrono_tz::Tz;

use crate::buckets::{self, Bucket, Grain, Micros};
use crate::kpis::Measure;
use crate::query::{Answer, Figures, Query, Row, run, spans};
use crate::view::View;

/// An earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// The one just before.
    Period,
    /// The same local dates a year earlier.
    Year,
}

/// What a row was earlier.
#[derive(Debug, Clone, PartialEq)]
pub struct Then {
    /// Which earlier period.
    pub earlier: Earlier,
    /// Its first instant; of a row with a bucket that of the bucket in the same place.
    pub from: Micros,
    /// The first instant after it.
    pub to: Micros,
    /// The values then; None: there was no such bucket.
    pub figures: Option<Figures>,
}

impl Earlier {
    /// The earlier period of `[from, to)`; None when it lies before all calendars.
    pub fn period(self, zone: Tz, from: Micros, to: Micros) -> Option<(Micros, Micros)> {
        match (self, whole_days(zone, from, to)) {
            (Earlier::Period, Some((first, end))) => {
                let day_before = first.checked_sub_days(Days::new(1))?;
                for grain in [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
                    let bucket = buckets::bucket_of_date(zone, grain, first);
                    if (bucket.start, bucket.end) == (from, to) {
                        let before = buckets::bucket_of_date(zone, grain, day_before);
                        return Some((before.start, before.end));
                    }
                }
                let days = Days::new(u64::try_from((end - first).num_days()).ok()?);
                Some((buckets::midnight(zone, first.checked_sub_days(days)?), from))
            }
            (Earlier::Period, None) => Some((from.checked_sub(to.checked_sub(from)?)?, from)),
            (Earlier::Year, Some((first, end))) => {
                // By its last day, not by its end: a period that ends on 29 February must not become empty.
                let last = end
                    .checked_sub_days(Days::new(1))?
                    .checked_sub_months(Months::new(12))?;
                let begin = buckets::midnight(zone, first.checked_sub_months(Months::new(12))?);
                Some((begin, buckets::midnight(zone, last.checked_add_days(Days::new(1))?)))
            }
            (Earlier::Year, None) => {
                let begin = buckets::local_time(zone, from).checked_sub_months(Months::new(12))?;
                let begin = buckets::instant(zone, begin);
                Some((begin, begin.checked_add(to.checked_sub(from)?)?))
            }
        }
    }
}

/// First day and the day after the last one, of a period of whole local days.
fn whole_days(zone: Tz, from: Micros, to: Micros) -> Option<(NaiveDate, NaiveDate)> {
    let (first, end) = (buckets::local_date(zone, from), buckets::local_date(zone, to));
    let is_whole = buckets::midnight(zone, first) == from && buckets::midnight(zone, end) == to;
    is_whole.then_some((first, end))
}

/// A row's place: the number of its bucket, its key, and what the figure itself splits by.
type Place<'a> = (Option<usize>, &'a [Option<String>], Vec<Option<&'a str>>);

struct Before {
    earlier: Earlier,
    period: (Micros, Micros),
    spans: Vec<Bucket>,
    answer: Answer,
}

/// Answers `query`, and says for the total and for every row what it was: first of the total, then in the order of the rows. Rows
/// that only an earlier period has are added, without a value.
pub fn beside(view: &View<'_>, query: &Query<'_>, earlier: &[Earlier]) -> (Answer, Vec<Vec<Then>>) {
    let mut answer = run(view, query);
    let now = query.grain.map_or_else(Vec::new, |grain| spans(query, grain));
    let mut before = Vec::new();
    for earlier in earlier {
        let Some((from, to)) = earlier.period(query.zone, query.from, query.to) else {
            continue;
        };
        let then = Query {
            from,
            to,
            ..query.clone()
        };
        before.push(Before {
            earlier: *earlier,
            period: (from, to),
            spans: then.grain.map_or_else(Vec::new, |grain| spans(&then, grain)),
            answer: run(view, &then),
        });
    }
    add_missing(&mut answer, query, &now, &before);
    let mut all = vec![Vec::new(); answer.rows.len() + 1];
    for before in &before {
        let known: HashMap<Place<'_>, &Row> = before
            .answer
            .rows
            .iter()
            .map(|row| (place(row, &before.spans), row))
            .collect();
        if let Some(total) = all.first_mut() {
            total.push(then(before, None, Some(&before.answer.total), query));
        }
        for (row, list) in answer.rows.iter().zip(all.iter_mut().skip(1)) {
            let place = place(row, &now);
            let bucket = place.0;
            let found = known.get(&place).map(|row| &row.figures);
            list.push(then(before, bucket, found, query));
        }
    }
    (answer, all)
}

fn then(before: &Before, bucket: Option<usize>, figures: Option<&Figures>, query: &Query<'_>) -> Then {
    let (period, there) = match bucket {
        None => (before.period, true),
        Some(number) => match before.spans.get(number) {
            Some(span) => ((span.start, span.end), true),
            // The earlier period is shorter: February has no 30th day.
            None => ((before.period.1, before.period.1), false),
        },
    };
    Then {
        earlier: before.earlier,
        from: period.0,
        to: period.1,
        figures: there.then(|| figures.cloned().unwrap_or_else(|| nothing(query))),
    }
}

/// What is said of a cell in which nothing happened.
fn nothing(query: &Query<'_>) -> Figures {
    Figures {
        value: (query.variant.measure == Measure::Count).then_some(0.0),
        ..Figures::default()
    }
}

fn place<'a>(row: &'a Row, spans: &[Bucket]) -> Place<'a> {
    let bucket = row
        .bucket
        .and_then(|start| spans.iter().position(|span| span.start == start));
    let own = row.own.iter().map(|(_, value)| value.as_deref()).collect();
    (bucket, &row.key, own)
}

fn add_missing(answer: &mut Answer, query: &Query<'_>, now: &[Bucket], before: &[Before]) {
    let mut missing: Vec<Row> = Vec::new();
    for before in before {
        for row in &before.answer.rows {
            let (bucket, ..) = place(row, &before.spans);
            let span = bucket.map(|number| now.get(number));
            // A bucket that this period does not have.
            if span.is_some_and(|span| span.is_none()) {
                continue;
            }
            let row = Row {
                bucket: span.flatten().map(|span| span.start),
                label: span.flatten().map(|span| span.label.clone()),
                key: row.key.clone(),
                own: row.own.clone(),
                figures: nothing(query),
            };
            let same = |other: &Row| (other.bucket, &other.key, &other.own) == (row.bucket, &row.key, &row.own);
            if !answer.rows.iter().any(same) && !missing.iter().any(same) {
                missing.push(row);
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    answer.rows.append(&mut missing);
    answer.rows.sort_by(order);
}

/// As rows of an answer stand: by bucket, then key; numbers as numbers.
fn order(one: &Row, other: &Row) -> Ordering {
    fn text(value: Option<&str>) -> (u32, Option<&str>) {
        (
            value.map_or(0, |text| text.parse::<u32>().map_or(0, |n| n.saturating_add(1))),
            value,
        )
    }
    fn parts(row: &Row) -> impl Iterator<Item = (u32, Option<&str>)> {
        let own = row.own.iter().map(|(_, value)| value);
        row.key.iter().chain(own).map(|value| text(value.as_deref()))
    }
    one.bucket.cmp(&other.bucket).then_with(|| parts(one).cmp(parts(other)))
}

#[cfg(test)]
mod tests;
