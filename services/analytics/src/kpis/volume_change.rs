//! Whether more or fewer matters come than before (D17).

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};

use super::tickets::CREATED;
use super::{Change, Direction, Kpi, Measure, Observe, Parts, Unit, Variant};
use crate::buckets::{self, Grain, Micros};
use crate::dimensions::TICKET;
use crate::query::{Answer, Figures, Query, Row, run, spans};
use crate::view::View;

pub const KPI: Kpi = Kpi {
    id: "volume_change",
    version: 1,
    title: "Volume change",
    formula: "(tickets created now − before) ÷ before × 100; numerator the difference, denominator the earlier number, count the number \
              now. Before is the bucket just before; variant week: the one that contains the first day 7 days earlier; variant month: \
              one month earlier; variant year: one year earlier. Variant previous: as without one. A period that is no whole day, ISO \
              week, month, quarter or year is compared with as many days",
    unit: Unit::Percent,
    direction: Direction::Neutral,
    cohort_rule: "created: the ticket was opened in the period or bucket, and in the earlier one; whole local days only",
    actor_rule: "whoever opened it",
    calendar_rule: "schedules do not matter",
    null_rule: "no ticket was opened in the earlier period, or the period is not of whole local days",
    dimensions: TICKET,
    variants: &[
        change("", Observe::Answers(previous)),
        change("previous", Observe::Answers(previous)),
        change("week", Observe::Answers(week)),
        change("month", Observe::Answers(month)),
        change("year", Observe::Answers(year)),
    ],
};

const fn change(id: &'static str, observe: Observe) -> Variant {
    Variant {
        id,
        unit: Unit::Percent,
        measure: Measure::Own,
        observe,
    }
}

/// Back to where.
#[derive(Clone, Copy)]
enum Back {
    Previous,
    Week,
    Month,
    Year,
}

impl Back {
    fn from(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Back::Previous => day.checked_sub_days(Days::new(1)),
            Back::Week => day.checked_sub_days(Days::new(7)),
            // A day that the month lacks becomes its last.
            Back::Month => day.checked_sub_months(Months::new(1)),
            Back::Year => day.checked_sub_months(Months::new(12)),
        }
    }
}

/// What a variant's value is made of.
pub fn parts(variant: &str) -> Option<Parts> {
    Some(Parts::Change(match variant {
        "" | "previous" => since_previous as fn(&Query<'_>) -> Change,
        "week" => since_week,
        "month" => since_month,
        "year" => since_year,
        _ => return None,
    }))
}

/// The period and the earlier one; with a grain the period is one bucket, perhaps a cut one.
fn change_of(query: &Query<'_>, back: Back) -> Change {
    let earlier = match query.grain {
        Some(grain) => {
            let whole = buckets::bucket_of_date(query.zone, grain, buckets::local_date(query.zone, query.from));
            bucket_back(query, grain, whole.start, back)
        }
        None => earlier_period(query, back),
    };
    ((query.from, query.to), earlier)
}

fn since_previous(query: &Query<'_>) -> Change {
    change_of(query, Back::Previous)
}

fn since_week(query: &Query<'_>) -> Change {
    change_of(query, Back::Week)
}

fn since_month(query: &Query<'_>) -> Change {
    change_of(query, Back::Month)
}

fn since_year(query: &Query<'_>) -> Change {
    change_of(query, Back::Year)
}

fn previous(view: &View<'_>, query: &Query<'_>) -> Answer {
    answer(view, query, Back::Previous)
}

fn week(view: &View<'_>, query: &Query<'_>) -> Answer {
    answer(view, query, Back::Week)
}

fn month(view: &View<'_>, query: &Query<'_>) -> Answer {
    answer(view, query, Back::Month)
}

fn year(view: &View<'_>, query: &Query<'_>) -> Answer {
    answer(view, query, Back::Year)
}

/// Grains that a period may be exactly one of.
const GRAINS: [Grain; 5] = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];

fn answer(view: &View<'_>, query: &Query<'_>, back: Back) -> Answer {
    let earlier = earlier_period(query, back);
    let mut found = compare(view, query, (query.from, query.to), earlier, None);
    let mut rows = Vec::new();
    match query.grain.filter(|grain| *grain != Grain::Hour) {
        Some(grain) => {
            for span in spans(query, grain) {
                // The period may cut its first bucket; what comes before is told by the whole one.
                let whole = buckets::bucket_of_date(query.zone, grain, buckets::local_date(query.zone, span.start));
                let before = bucket_back(query, grain, whole.start, back);
                let bucket = Some((span.start, span.label.clone()));
                let of_bucket = compare(view, query, (span.start, span.end), before, bucket);
                if query.by.is_empty() {
                    rows.push(Row {
                        bucket: Some(span.start),
                        label: Some(span.label),
                        figures: of_bucket.total,
                        ..Row::default()
                    });
                } else {
                    rows.extend(of_bucket.rows);
                }
            }
            rows.retain(|row| !row.figures.is_empty());
        }
        None => rows = std::mem::take(&mut found.rows),
    }
    Answer {
        total: found.total,
        rows,
    }
}

/// The bucket of `grain` that contains the day of `start`, moved back.
fn bucket_back(query: &Query<'_>, grain: Grain, start: Micros, back: Back) -> Option<(Micros, Micros)> {
    let day = back.from(buckets::local_date(query.zone, start))?;
    let bucket = buckets::bucket_of_date(query.zone, grain, day);
    Some((bucket.start, bucket.end))
}

/// What the whole period is compared with; None when it is not of whole local days.
fn earlier_period(query: &Query<'_>, back: Back) -> Option<(Micros, Micros)> {
    let zone = query.zone;
    let (first, end) = (
        buckets::local_date(zone, query.from),
        buckets::local_date(zone, query.to),
    );
    if buckets::midnight(zone, first) != query.from || buckets::midnight(zone, end) != query.to {
        return None;
    }
    for grain in GRAINS {
        let bucket = buckets::bucket_of_date(zone, grain, first);
        if (bucket.start, bucket.end) == (query.from, query.to) {
            return bucket_back(query, grain, query.from, back);
        }
    }
    let days = Days::new(u64::try_from((end - first).num_days()).ok()?);
    let begin = match back {
        Back::Previous => first.checked_sub_days(days)?,
        Back::Week | Back::Month | Back::Year => back.from(first)?,
    };
    let stop = begin.checked_add_days(days)?;
    Some((buckets::midnight(zone, begin), buckets::midnight(zone, stop)))
}

/// Tickets created in `now` against those in `before`, in total and by the dimensions asked for.
fn compare(
    view: &View<'_>,
    query: &Query<'_>,
    now: (Micros, Micros),
    before: Option<(Micros, Micros)>,
    bucket: Option<(Micros, String)>,
) -> Answer {
    let created = |(from, to): (Micros, Micros)| {
        let variant = &CREATED.variants[0];
        let query = Query {
            kpi: &CREATED,
            variant,
            from,
            to,
            grain: None,
            ..query.clone()
        };
        run(view, &query)
    };
    let now = created(now);
    let Some(before) = before.map(created) else {
        return Answer::default();
    };
    let mut keys: BTreeMap<Vec<Option<String>>, (u64, u64)> = BTreeMap::new();
    for row in now.rows {
        keys.entry(row.key).or_default().0 = row.figures.count;
    }
    for row in before.rows {
        keys.entry(row.key).or_default().1 = row.figures.count;
    }
    let rows = keys.into_iter().map(|(key, (now, before))| Row {
        bucket: bucket.as_ref().map(|(start, _)| *start),
        label: bucket.as_ref().map(|(_, label)| label.clone()),
        key,
        figures: figures(now, before),
        ..Row::default()
    });
    Answer {
        total: figures(now.total.count, before.total.count),
        rows: rows.collect(),
    }
}

fn figures(now: u64, before: u64) -> Figures {
    let difference = now as f64 - before as f64;
    Figures {
        value: (before > 0).then(|| 100.0 * difference / before as f64),
        count: now,
        numerator: Some(difference),
        denominator: Some(before as f64),
        ..Figures::default()
    }
}
