//! Times as vendors write them.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum TimeFormat {
    /// Unix time by its size, else RFC 3339, else RFC 2822.
    #[default]
    Auto,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// A `strftime` pattern, UTC when it has no offset.
    Pattern(String),
}

impl From<String> for TimeFormat {
    fn from(text: String) -> Self {
        match text.as_str() {
            "auto" => TimeFormat::Auto,
            "unix" => TimeFormat::Unix,
            "unix-ms" => TimeFormat::UnixMillis,
            _ => TimeFormat::Pattern(text),
        }
    }
}

impl TimeFormat {
    pub(super) fn parse(&self, text: &str) -> Option<DateTime<Utc>> {
        let text = text.trim();
        let at = match self {
            TimeFormat::Auto => auto(text)?,
            TimeFormat::Unix => seconds(text)?,
            TimeFormat::UnixMillis => DateTime::from_timestamp_millis(text.parse().ok()?)?,
            TimeFormat::Pattern(pattern) => DateTime::parse_from_str(text, pattern)
                .map(|at| at.to_utc())
                .or_else(|_| NaiveDateTime::parse_from_str(text, pattern).map(|at| at.and_utc()))
                .ok()?,
        };
        // What protobuf can carry.
        let year = chrono::Datelike::year(&at);
        (1..=9999).contains(&year).then_some(at)
    }
}

fn auto(text: &str) -> Option<DateTime<Utc>> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        // Seconds reach this size in the year 5138, milliseconds had it in 1973.
        const SMALLEST_MILLIS: f64 = 1e11;
        return match text.parse::<f64>() {
            Ok(number) if number >= SMALLEST_MILLIS => {
                DateTime::from_timestamp_millis(text.split('.').next()?.parse().ok()?)
            }
            Ok(_) => seconds(text),
            Err(_) => None,
        };
    }
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_rfc2822(text))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S %z"))
        // Salesforce leaves the colon of the offset out.
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|at| at.to_utc())
        .ok()
        .or_else(|| {
            let text = text.trim_end_matches(" UTC");
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                .iter()
                .find_map(|pattern| NaiveDateTime::parse_from_str(text, pattern).ok())
                .map(|at| at.and_utc())
        })
}

fn seconds(text: &str) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut nanos: String = fraction.chars().take(9).collect();
    while nanos.len() < 9 {
        nanos.push('0');
    }
    DateTime::from_timestamp(whole.parse().ok()?, nanos.parse().ok()?)
}
