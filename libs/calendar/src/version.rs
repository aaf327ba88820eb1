//! One set of opening hours: what counts from a date until the next version does.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::draft::{Draft, Overlaps};
use crate::span::Span;

/// Names of the days, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours that one day may have: one an hour.
pub const SPANS_PER_DAY_MAX: usize = 24;

/// Exceptions that one version may have: a lifetime of public holidays, or every day of five years.
pub const EXCEPTIONS_MAX: usize = 2_000;

/// The first date that exceptions and `valid_from` may name.
pub const FIRST_DATE: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");

/// The last one.
pub const LAST_DATE: NaiveDate = NaiveDate::from_ymd_opt(2199, 12, 31).expect("a date");

/// Checked opening hours of one time zone. Made by [`Draft::check`]; its JSON is the draft's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Draft", into = "Draft")]
pub struct Version {
    pub(crate) at: DateTime<Utc>,
    pub(crate) zone: Tz,
    /// By day of the week, Monday first; each day in order.
    pub(crate) week: [Vec<Span>; 7],
    /// By date; they replace the day's hours.
    pub(crate) exceptions: BTreeMap<NaiveDate, Vec<Span>>,
    pub(crate) valid_from: Option<NaiveDate>,
}

impl Version {
    /// When it was written.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The zone in which its hours and dates are read.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Hours by day of the week, Monday first.
    pub fn week(&self) -> &[Vec<Span>; 7] {
        &self.week
    }

    /// Hours that replace those of the week, by date.
    pub fn exceptions(&self) -> &BTreeMap<NaiveDate, Vec<Span>> {
        &self.exceptions
    }

    /// The hours that start on a date: those of its exception, or else of its weekday.
    pub fn hours_on(&self, date: NaiveDate) -> &[Span] {
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.exceptions.get(&date).unwrap_or(&self.week[weekday])
    }

    /// The local date from which it counts, when it names one.
    pub fn valid_from(&self) -> Option<NaiveDate> {
        self.valid_from
    }

    /// The same hours, written at `at` and counting from `valid_from`.
    #[must_use]
    pub fn written(mut self, at: DateTime<Utc>, valid_from: Option<NaiveDate>) -> Self {
        (self.at, self.valid_from) = (at, valid_from);
        self
    }

    /// The same hours in another zone.
    #[must_use]
    pub fn in_zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// With the weekly hours of another version.
    #[must_use]
    pub fn with_week_of(mut self, other: &Self) -> Self {
        self.week.clone_from(&other.week);
        self
    }

    /// With other exceptions. More than [`EXCEPTIONS_MAX`] cannot be read back: the caller counts.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: BTreeMap<NaiveDate, Vec<Span>>) -> Self {
        self.exceptions = exceptions;
        self
    }

    /// The text form.
    pub fn draft(&self) -> Draft {
        let texts = |hours: &[Span]| hours.iter().map(Span::to_string).collect::<Vec<_>>();
        Draft {
            at: self.at,
            time_zone: self.zone.name().to_owned(),
            weekly: DAYS
                .iter()
                .zip(&self.week)
                .filter(|(_, hours)| !hours.is_empty())
                .map(|(day, hours)| ((*day).to_owned(), texts(hours)))
                .collect(),
            exceptions: self
                .exceptions
                .iter()
                .map(|(date, hours)| (date.to_string(), texts(hours)))
                .collect(),
            valid_from: self.valid_from.map(|date| date.to_string()),
        }
    }
}

impl From<Version> for Draft {
    fn from(version: Version) -> Self {
        version.draft()
    }
}

impl TryFrom<Draft> for Version {
    type Error = String;

    /// For what was stored or imported: overlaps are joined.
    fn try_from(draft: Draft) -> Result<Self, String> {
        draft.check(Overlaps::Joined).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            problems.join("; ")
        })
    }
}
