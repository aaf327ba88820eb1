//! The rules read word for word and counted minute by minute. Shares no code with the crate: texts in, chrono-tz below.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use vorrang_calendar::Draft;

/// From, included, to, excluded.
type Open = (DateTime<Utc>, DateTime<Utc>);

/// Versions in the order of writing.
pub struct Naive {
    versions: Vec<Draft>,
    /// What is open by the hours that start within four days of a date, once worked out.
    around: RefCell<BTreeMap<NaiveDate, Vec<Open>>>,
}

impl Naive {
    pub fn new(mut versions: Vec<Draft>) -> Self {
        versions.sort_by_key(|version| version.at);
        Self {
            versions,
            around: RefCell::default(),
        }
    }

    /// The version of a local date.
    fn version(&self, date: NaiveDate) -> &Draft {
        let mut chosen: Option<(NaiveDate, &Draft)> = None;
        let mut oldest: Option<(NaiveDate, &Draft)> = None;
        for (index, version) in self.versions.iter().enumerate() {
            let zone: Tz = version.time_zone.parse().expect("a zone");
            let from = match &version.valid_from {
                Some(text) => text.parse().expect("a date"),
                None if index == 0 => NaiveDate::MIN,
                None => version.at.with_timezone(&zone).date_naive(),
            };
            if from <= date && chosen.is_none_or(|(best, _)| from >= best) {
                chosen = Some((from, version));
            }
            if oldest.is_none_or(|(best, _)| from <= best) {
                oldest = Some((from, version));
            }
        }
        chosen.or(oldest).expect("a version").1
    }

    /// What is open by the hours that start on `date`.
    pub fn day(&self, date: NaiveDate) -> Vec<Open> {
        let version = self.version(date);
        let zone: Tz = version.time_zone.parse().expect("a zone");
        let weekday = date.weekday().to_string().to_lowercase();
        let hours = version
            .exceptions
            .get(&date.to_string())
            .or_else(|| version.weekly.get(&weekday));
        hours
            .into_iter()
            .flatten()
            .map(|hours| {
                let (start, end) = hours.split_once('-').expect("hours");
                let midnight = date.and_time(NaiveTime::MIN);
                let (start, mut end) = (midnight + length(start), midnight + length(end));
                if end <= start {
                    end += TimeDelta::days(1);
                }
                (instant(zone, start), instant(zone, end))
            })
            .collect()
    }

    /// Whether the desk is open at `at`.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let date = at.date_naive();
        let mut around = self.around.borrow_mut();
        let open = around.entry(date).or_insert_with(|| {
            let days = (0..9).map(|day| date - Days::new(4) + Days::new(day));
            days.flat_map(|date| self.day(date)).collect()
        });
        open.iter().any(|(start, end)| *start <= at && at < *end)
    }

    /// The pieces of `[from, to)` in which nothing can change: to the next minute, or second where a clock of the time
    /// was not on the minute.
    fn pieces(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, TimeDelta)> {
        let on_the_minute = self.versions.iter().all(|version| {
            let zone: Tz = version.time_zone.parse().expect("a zone");
            let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
            offset(from - TimeDelta::days(9)) % 60 == 0 && offset(to + TimeDelta::days(9)) % 60 == 0
        });
        let step = if on_the_minute { 60_000_000 } else { 1_000_000 };
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let length = TimeDelta::microseconds(step - at.timestamp_micros().rem_euclid(step)).min(to - at);
            let piece = (at, length);
            at += length;
            Some(piece)
        })
    }

    /// Open time in `[from, to)`, counted.
    pub fn business(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        self.pieces(from, to)
            .filter(|(at, _)| self.is_open(*at))
            .fold(TimeDelta::zero(), |sum, (_, length)| sum + length)
    }

    /// The first instant before `limit` at which `wanted` is used up, walked to.
    pub fn due(&self, from: DateTime<Utc>, wanted: TimeDelta, limit: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut left = wanted;
        for (at, length) in self.pieces(from, limit).filter(|(at, _)| self.is_open(*at)) {
            if left <= length {
                return Some(at + left);
            }
            left -= length;
        }
        None
    }

    /// Open time in `[from, to)` over years: the union of every day's hours, one day after the other.
    pub fn business_by_days(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let mut open: Vec<Open> = Vec::new();
        let mut date = from.date_naive() - Days::new(4);
        while date <= to.date_naive() + Days::new(4) {
            open.extend(self.day(date));
            date = date + Days::new(1);
        }
        open.sort_unstable();
        let (mut sum, mut counted) = (TimeDelta::zero(), from);
        for (start, end) in open {
            let (start, end) = (start.max(counted), end.min(to));
            if start < end {
                sum += end - start;
                counted = end;
            }
        }
        sum
    }
}

fn length(time: &str) -> TimeDelta {
    let (hours, minutes) = time.split_once(':').expect("a time");
    TimeDelta::hours(hours.parse().expect("hours")) + TimeDelta::minutes(minutes.parse().expect("minutes"))
}

/// Of two the first; a skipped one with the offset of the last minute that existed.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let mut existing = local;
    loop {
        match zone.from_local_datetime(&existing) {
            MappedLocalTime::Single(at) => {
                return at.to_utc() + (local - existing);
            }
            MappedLocalTime::Ambiguous(first, last) => {
                let at = if existing == local { first } else { last };
                return at.to_utc() + (local - existing);
            }
            MappedLocalTime::None => existing -= TimeDelta::minutes(1),
        }
    }
}
