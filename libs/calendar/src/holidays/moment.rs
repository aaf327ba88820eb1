//! Dates and times of properties: `20261224`, `20261224T140000`, `20261224T130000Z`, in a zone or without.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::Refusal;
use super::line::Line;
use crate::eras::day;
use crate::version::{FIRST_DATE, LAST_DATE};
use crate::zone::{DAY, Zone};

/// A date, or a local time with the zone in which it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A whole day.
    Date(NaiveDate),
    /// A time.
    Time(NaiveDateTime, Tz),
}

impl Moment {
    /// The value of a property; `own` is the zone of times without one.
    pub fn read(line: &Line<'_>, own: Tz) -> Result<Self, Refusal> {
        let zone = zone(line, own)?;
        Self::parse(line, line.value.trim(), zone)
    }

    /// The values of a property that is a list.
    pub fn list(line: &Line<'_>, own: Tz) -> Result<Vec<Self>, Refusal> {
        let zone = zone(line, own)?;
        line.value
            .split(',')
            .map(|value| Self::parse(line, value.trim(), zone))
            .collect()
    }

    /// `zone` is that of times without a `Z`.
    pub fn parse(line: &Line<'_>, text: &str, zone: Tz) -> Result<Self, Refusal> {
        if line
            .parameter("VALUE")
            .is_some_and(|value| value.eq_ignore_ascii_case("PERIOD"))
        {
            return Err(line.refuse(format!("{}: periods are not read", line.name)));
        }
        let no_date = || line.refuse(format!("{}: no such date or time: {}", line.name, shortened(text)));
        let moment = if text.len() == 8 {
            Self::Date(date(text).ok_or_else(no_date)?)
        } else {
            let (local, zone) = match text.strip_suffix('Z') {
                Some(local) => (local, Tz::UTC),
                None => (text, zone),
            };
            let (date_part, time_part) = local.split_once('T').ok_or_else(no_date)?;
            let date = date(date_part).ok_or_else(no_date)?;
            let time = time(time_part).ok_or_else(no_date)?;
            Self::Time(date.and_time(time), zone)
        };
        if !(FIRST_DATE..=LAST_DATE).contains(&moment.date()) {
            return Err(no_date());
        }
        Ok(moment)
    }

    /// The date on its own clock.
    pub fn date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Time(local, _) => local.date(),
        }
    }

    /// The time on its own clock; of a date its midnight.
    pub fn local(self) -> NaiveDateTime {
        match self {
            Self::Date(date) => date.and_time(NaiveTime::MIN),
            Self::Time(local, _) => local,
        }
    }

    /// The same time of day on another date.
    pub fn on(self, date: NaiveDate) -> Self {
        match self {
            Self::Date(_) => Self::Date(date),
            Self::Time(local, zone) => Self::Time(date.and_time(local.time()), zone),
        }
    }

    /// Whether it is a date.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date(_))
    }

    /// Seconds since 1970: of a time UTC's, of a date those of its midnight on no clock in particular.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Date(date) => day(date) * DAY,
            Self::Time(local, zone) => Zone::of(zone).instant(local.and_utc().timestamp()),
        }
    }
}

/// The zone of a property's times. Names that begin with a `/` carry somebody's prefix before the IANA name.
fn zone(line: &Line<'_>, own: Tz) -> Result<Tz, Refusal> {
    let Some(name) = line.parameter("TZID") else {
        return Ok(own);
    };
    let mut rest = name.trim_start_matches('/');
    loop {
        if let Ok(zone) = rest.parse() {
            return Ok(zone);
        }
        match rest.split_once('/') {
            Some((_, shorter)) if name.starts_with('/') => rest = shorter,
            _ => return Err(line.refuse(format!("{}: {} is no IANA time zone", line.name, shortened(name)))),
        }
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    NaiveDate::from_ymd_opt(
        text[..4].parse().ok()?,
        text[4..6].parse().ok()?,
        text[6..].parse().ok()?,
    )
}

fn time(text: &str) -> Option<NaiveTime> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A leap second is the end of the minute.
    let second: u32 = text[4..].parse().ok()?;
    let second = if second == 60 { 59 } else { second };
    NaiveTime::from_hms_opt(text[..2].parse().ok()?, text[2..4].parse().ok()?, second)
}

/// The beginning of a text that came with a file.
pub fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}
