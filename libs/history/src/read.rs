//! Reads a line, strictly: an unknown type or field, a missing one, a bad time or value is named with its field.

use std::fmt;

use chrono::{DateTime, Datelike, TimeZone, Utc};
use serde_json::{Map, Value};

use crate::fields::{Fields, Once};
use crate::line::Line;

/// Most bytes of a line: the longest message and everything around it.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;

/// Most characters of an id, a name, a word.
pub const ID_MAX: usize = 200;

/// The years of a history; outside of them a clock was wrong.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// Why a line is bad. The word is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No JSON object, or too long.
    NotJson,
    /// `type` is no type of the format.
    UnknownType,
    /// A field that this type does not have.
    UnknownField,
    /// A field that this type needs.
    MissingField,
    /// `at` is no RFC 3339 time with an offset.
    BadTime,
    /// A value that the field cannot have.
    BadValue,
    /// A ticket that is not opened by then.
    TicketNotOpen,
    /// A second opening of a ticket.
    TicketTwice,
    /// A merge into itself, or round a circle.
    MergeCircle,
    /// An `unmerged` that undoes no merge in force.
    NotMerged,
}

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `actor.kind` or `targets[1].seconds`; empty: the line as a whole.
    pub field: String,
    /// Why.
    pub reason: Reason,
    /// What is wrong, in a few words. Never what the line says.
    pub text: String,
}

/// A line that cannot be read, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its number.
    pub number: u64,
    /// What is wrong, at least one thing.
    pub problems: Vec<Problem>,
}

/// A line as it was read: what it says, and as which event it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// What it says.
    pub line: Line,
    /// Two lines with one hash are one event.
    pub hash: [u8; 32],
}

/// Reads line `number` of a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(number: u64, text: &str) -> Result<Read, Bad> {
    let bad = |problems| Bad { number, problems };
    let value = json(text).map_err(|problem| bad(vec![problem]))?;
    let hash = crate::hash(&value);
    let Value::Object(object) = value else {
        return Err(bad(vec![whole("is no JSON object")]));
    };
    let line = line(number, object).map_err(bad)?;
    Ok(Read { line, hash })
}

/// All lines of a text in the order in which they count, and the bad ones by number. Empty lines are none; the same event twice is one.
pub fn read_all(text: &str) -> (Vec<Line>, Vec<Bad>) {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    for (number, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        match read(number, text) {
            Ok(read) if seen.insert(read.hash) => lines.push(read.line),
            Ok(_) => {}
            Err(one) => bad.push(one),
        }
    }
    lines.sort_by_key(Line::key);
    let mut references = crate::References::new();
    lines.retain(|line| match references.see(line) {
        Ok(()) => true,
        Err(problem) => {
            bad.push(Bad {
                number: line.number,
                problems: vec![problem],
            });
            false
        }
    });
    bad.sort_by_key(|bad| bad.number);
    (lines, bad)
}

fn json(text: &str) -> Result<Value, Problem> {
    if text.len() > BYTES_MAX {
        return Err(whole(format!("is longer than {BYTES_MAX} bytes")));
    }
    // A mark that some systems write at the beginning of a file.
    let text = text.trim_start_matches('\u{feff}');
    match serde_json::from_str::<Once>(text) {
        Ok(Once(value)) => Ok(value),
        Err(error) if error.is_data() => Err(whole("has a field twice, or a number that is too large")),
        Err(error) => Err(whole(format!("is no JSON (column {})", error.column()))),
    }
}

fn whole(text: impl Into<String>) -> Problem {
    Problem {
        field: String::new(),
        reason: Reason::NotJson,
        text: text.into(),
    }
}

fn line(number: u64, object: Map<String, Value>) -> Result<Line, Vec<Problem>> {
    let mut fields = Fields::new(object);
    let at = at(&mut fields);
    let what = match fields.take("type") {
        // Without a time the other fields are read all the same, so that all that is wrong is said at once.
        Some(kind) => crate::what::what(&kind, at.unwrap_or_default(), &mut fields),
        None => {
            fields.problem("type", Reason::MissingField, "is missing");
            fields.forget();
            None
        }
    };
    let problems = fields.finish();
    match (at, what) {
        (Some(at), Some(what)) if problems.is_empty() => Ok(Line { at, number, what }),
        _ => Err(problems),
    }
}

/// When it happened, to the microsecond: what is finer is cut off.
fn at(fields: &mut Fields) -> Option<DateTime<Utc>> {
    let Some(value) = fields.take("at") else {
        fields.problem("at", Reason::MissingField, "is missing");
        return None;
    };
    let at = value
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .and_then(|time| Utc.timestamp_micros(time.timestamp_micros()).single())
        .filter(|time| YEARS.contains(&time.year()));
    if at.is_none() {
        let text = format!(
            "must be an RFC 3339 time with an offset, of the years {} to {}",
            YEARS.start(),
            YEARS.end()
        );
        fields.problem("at", Reason::BadTime, text);
    }
    at
}

impl Reason {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "NOT_JSON",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::UnknownField => "UNKNOWN_FIELD",
            Self::MissingField => "MISSING_FIELD",
            Self::BadTime => "BAD_TIME",
            Self::BadValue => "BAD_VALUE",
            Self::TicketNotOpen => "TICKET_NOT_OPEN",
            Self::TicketTwice => "TICKET_TWICE",
            Self::MergeCircle => "MERGE_CIRCLE",
            Self::NotMerged => "NOT_MERGED",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "the line {}", self.text),
            field => write!(f, "{field} {}", self.text),
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        write!(f, "line {}: {}", self.number, problems.join("; "))
    }
}
