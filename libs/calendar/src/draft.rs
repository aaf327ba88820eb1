//! A version as people write it, and everything that can be wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::span::Span;
use crate::version::{DAYS, EXCEPTIONS_MAX, FIRST_DATE, LAST_DATE, SPANS_PER_DAY_MAX, Version};

/// The text form of a [`Version`]: also its JSON, and the fields of a `schedule` line in a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// When it was written. Decides which of two versions for a day is the later, and which tickets know it.
    pub at: DateTime<Utc>,
    /// IANA name, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Hours by day of the week (`mon` … `sun`); a day that is missing is closed.
    pub weekly: BTreeMap<String, Vec<String>>,
    /// Hours by date (`2026-12-24`) that replace those of the week; an empty list is closed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<String, Vec<String>>,
    /// The local date from which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
}

/// What becomes of hours of one day that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlaps {
    /// A problem: in a form that somebody fills in they are a mistake.
    Refused,
    /// They count once: a past is taken as it was.
    Joined,
}

/// One thing that is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `time_zone`, `weekly.mon[1]`, `exceptions.2026-02-30`, `exceptions.2026-12-24[0]`, `valid_from`.
    pub path: String,
    /// What is wrong, in a few words.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl Draft {
    /// The version that it describes, or everything that is wrong with it.
    pub fn check(&self, overlaps: Overlaps) -> Result<Version, Vec<Problem>> {
        let mut reader = Reader {
            overlaps,
            problems: Vec::new(),
        };
        let zone: Option<Tz> = self.time_zone.parse().ok();
        if zone.is_none() {
            reader.problem("time_zone", "no such IANA time zone");
        }
        let week = reader.week(&self.weekly);
        let exceptions = reader.exceptions(&self.exceptions);
        let valid_from = self
            .valid_from
            .as_deref()
            .and_then(|text| reader.date("valid_from", text));
        match zone {
            Some(zone) if reader.problems.is_empty() => Ok(Version {
                at: self.at,
                zone,
                week,
                exceptions,
                valid_from,
            }),
            _ => Err(reader.problems),
        }
    }
}

struct Reader {
    overlaps: Overlaps,
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.problems.push(Problem {
            path: path.into(),
            reason: reason.into(),
        });
    }

    fn week(&mut self, weekly: &BTreeMap<String, Vec<String>>) -> [Vec<Span>; 7] {
        let mut week: [Vec<Span>; 7] = Default::default();
        for (name, hours) in weekly {
            match DAYS.iter().position(|day| day == name) {
                Some(day) => week[day] = self.day(&format!("weekly.{name}"), hours),
                None => self.problem(format!("weekly.{name}"), format!("days are {}", DAYS.join(", "))),
            }
        }
        week
    }

    fn exceptions(&mut self, exceptions: &BTreeMap<String, Vec<String>>) -> BTreeMap<NaiveDate, Vec<Span>> {
        if exceptions.len() > EXCEPTIONS_MAX {
            self.problem("exceptions", format!("at most {EXCEPTIONS_MAX}"));
            return BTreeMap::new();
        }
        let mut by_date = BTreeMap::new();
        for (date, hours) in exceptions {
            let path = format!("exceptions.{date}");
            let hours = self.day(&path, hours);
            if let Some(date) = self.date(&path, date) {
                by_date.insert(date, hours);
            }
        }
        by_date
    }

    /// The hours of one day, in order.
    fn day(&mut self, path: &str, hours: &[String]) -> Vec<Span> {
        if hours.len() > SPANS_PER_DAY_MAX {
            self.problem(path, format!("at most {SPANS_PER_DAY_MAX} hours a day"));
            return Vec::new();
        }
        let mut spans: Vec<Span> = Vec::with_capacity(hours.len());
        for (index, text) in hours.iter().enumerate() {
            match text.parse::<Span>() {
                Ok(span) => {
                    if self.overlaps == Overlaps::Refused
                        && let Some(other) = spans.iter().find(|other| other.overlaps(span))
                    {
                        self.problem(format!("{path}[{index}]"), format!("overlaps {other}"));
                    }
                    spans.push(span);
                }
                Err(error) => self.problem(format!("{path}[{index}]"), error.to_string()),
            }
        }
        spans.sort_unstable();
        spans
    }

    fn date(&mut self, path: &str, text: &str) -> Option<NaiveDate> {
        let date = text.parse::<NaiveDate>().ok();
        match date {
            // Written back it must be the same: chrono also reads `2026-1-5` and `+2026-01-05`.
            Some(date) if date.to_string() != text => self.problem(path, "write dates as YYYY-MM-DD"),
            Some(date) if !(FIRST_DATE..=LAST_DATE).contains(&date) => {
                let years = format!("years are {} to {}", FIRST_DATE.year(), LAST_DATE.year());
                self.problem(path, years);
            }
            Some(date) => return Some(date),
            None => self.problem(path, "no such date; write dates as YYYY-MM-DD"),
        }
        None
    }
}

#[cfg(test)]
mod tests;
