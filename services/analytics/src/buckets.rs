//! Time buckets in an IANA time zone: hours, days, ISO weeks, months, quarters, years.
//!
//! Buckets are half-open instants `[start, end)`. A local midnight that exists twice means its first
//! occurrence; one that a clock change skips is read with the offset before the jump (RFC 5545). So
//! every instant is in exactly one bucket of a grain, and a day has 23, 24 or 25 hours. Pure.

use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat,
    TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

const SECOND: Micros = 1_000_000;

/// How long a bucket is, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grain {
    /// Begins at local minute 0.
    Hour,
    /// Begins at local midnight.
    Day,
    /// ISO 8601: begins on Monday.
    Week,
    /// Calendar month.
    Month,
    /// January, April, July, October.
    Quarter,
    /// Calendar year.
    Year,
}

/// One bucket of a time axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    /// First instant inside.
    pub start: Micros,
    /// First instant after it.
    pub end: Micros,
    /// `2026-03-29T01:00:00+01:00`, `2026-03-29`, `2026-W13`, `2026-03`, `2026-Q1` or `2026`.
    pub label: String,
}

/// The instant of a local time in `zone`: of two the first, a skipped one with the offset before the jump.
pub fn instant(zone: Tz, local: NaiveDateTime) -> Micros {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.timestamp_micros(),
        MappedLocalTime::None => {
            let offset = offset_before_gap(zone, local);
            (local.and_utc() - TimeDelta::seconds(i64::from(offset))).timestamp_micros()
        }
    }
}

/// The local midnight that begins `date`.
pub fn midnight(zone: Tz, date: NaiveDate) -> Micros {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// Seconds east of UTC in force just before the gap in which `local` lies.
fn offset_before_gap(zone: Tz, local: NaiveDateTime) -> i32 {
    // The longest gap on record is the day that Samoa left out in 2011; 26 steps of an hour pass it.
    for hours in 1..=26 {
        let earlier = local - TimeDelta::hours(hours);
        if let MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(_, at) = zone.from_local_datetime(&earlier) {
            return at.offset().fix().local_minus_utc();
        }
    }
    0
}

/// A time axis: assigns instants to buckets and remembers the buckets it has met.
pub struct Axis {
    zone: Tz,
    grain: Grain,
    /// By start; a query meets few buckets but many instants, and zone arithmetic is the slow part.
    known: BTreeMap<Micros, Bucket>,
}

impl Axis {
    /// An axis of `grain` buckets in `zone`.
    pub fn new(zone: Tz, grain: Grain) -> Self {
        Self {
            zone,
            grain,
            known: BTreeMap::new(),
        }
    }

    /// The start of the bucket that holds `at`; [`Axis::bucket`] gives the whole of it.
    pub fn start_of(&mut self, at: Micros) -> Micros {
        if let Some((start, bucket)) = self.known.range(..=at).next_back()
            && at < bucket.end
        {
            return *start;
        }
        let bucket = make(self.zone, self.grain, at);
        let start = bucket.start;
        self.known.insert(start, bucket);
        start
    }

    /// The bucket that begins at `start`, when [`Axis::start_of`] gave that start before.
    pub fn bucket(&self, start: Micros) -> Option<&Bucket> {
        self.known.get(&start)
    }
}

fn make(zone: Tz, grain: Grain, at: Micros) -> Bucket {
    let local = local_time(zone, at);
    if grain == Grain::Hour {
        let into =
            Micros::from(local.minute() * 60 + local.second()) * SECOND + Micros::from(local.nanosecond() / 1_000);
        let start = at - into;
        return Bucket {
            start,
            end: start + 3_600 * SECOND,
            label: zone
                .timestamp_micros(start)
                .single()
                .map(|begin| begin.to_rfc3339_opts(SecondsFormat::Secs, false))
                .unwrap_or_default(),
        };
    }
    let mut first = floor(grain, local.date());
    // Where a clock falls back over midnight the local date alone would put an instant that comes after
    // the (first) midnight into the day before.
    if at >= midnight(zone, next(grain, first)) {
        first = next(grain, first);
    } else if at < midnight(zone, first) {
        first = floor(grain, first.checked_sub_days(Days::new(1)).unwrap_or(first));
    }
    Bucket {
        start: midnight(zone, first),
        end: midnight(zone, next(grain, first)),
        label: label(grain, first),
    }
}

/// The local date of `at`: the one whose (first) midnight was the last.
pub fn local_date(zone: Tz, at: Micros) -> NaiveDate {
    let date = local_time(zone, at).date();
    match date.checked_add_days(Days::new(1)) {
        Some(next) if at >= midnight(zone, next) => next,
        _ if at < midnight(zone, date) => date.checked_sub_days(Days::new(1)).unwrap_or(date),
        _ => date,
    }
}

/// The bucket of `grain`, a day or longer, that contains the local `date`.
pub fn bucket_of_date(zone: Tz, grain: Grain, date: NaiveDate) -> Bucket {
    let first = floor(grain, date);
    Bucket {
        start: midnight(zone, first),
        end: midnight(zone, next(grain, first)),
        label: label(grain, first),
    }
}

/// The local wall-clock time at `at`.
pub fn local_time(zone: Tz, at: Micros) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp_micros(at)
        .unwrap_or_default()
        .with_timezone(&zone)
        .naive_local()
}

fn floor(grain: Grain, date: NaiveDate) -> NaiveDate {
    let first = match grain {
        Grain::Hour | Grain::Day => Some(date),
        Grain::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
        Grain::Month => date.with_day(1),
        Grain::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
        Grain::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
    };
    first.unwrap_or(date)
}

fn next(grain: Grain, first: NaiveDate) -> NaiveDate {
    let next = match grain {
        Grain::Hour | Grain::Day => first.checked_add_days(Days::new(1)),
        Grain::Week => first.checked_add_days(Days::new(7)),
        Grain::Month => first.checked_add_months(Months::new(1)),
        Grain::Quarter => first.checked_add_months(Months::new(3)),
        Grain::Year => first.checked_add_months(Months::new(12)),
    };
    next.unwrap_or(NaiveDate::MAX)
}

fn label(grain: Grain, first: NaiveDate) -> String {
    match grain {
        Grain::Hour | Grain::Day => first.format("%Y-%m-%d").to_string(),
        Grain::Week => first.format("%G-W%V").to_string(),
        Grain::Month => first.format("%Y-%m").to_string(),
        Grain::Quarter => format!("{}-Q{}", first.format("%Y"), first.month0() / 3 + 1),
        Grain::Year => first.format("%Y").to_string(),
    }
}

#[cfg(test)]
mod tests;
