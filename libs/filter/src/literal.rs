//! Values as they are written in a filter.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Utc};

use crate::expr::Comparison;
use crate::pattern::Pattern;
use crate::schema::Kind;
use crate::text;

/// A value that a filter compares with, of the kind that the field has.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Of a text or word field; only `Equal` and `NotEqual` go with it.
    Text(Pattern),
    /// Of a field with known words.
    Choice(Choice),
    /// Of an integer field.
    Integer(i64),
    /// Of a number field; finite.
    Number(f64),
    /// Of a boolean field; only `Equal` and `NotEqual` go with it.
    Bool(bool),
    /// Of a time field, whole microseconds.
    Time(DateTime<Utc>),
    /// Of a date field.
    Date(NaiveDate),
    /// Of a duration field, whole microseconds.
    Duration(TimeDelta),
}

/// A word of a field with known words.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    words: Arc<[String]>,
    index: usize,
}

impl Choice {
    /// The word, if it is one of `words`.
    pub fn new(words: &Arc<[String]>, word: &str) -> Option<Self> {
        let index = words.iter().position(|known| known == word)?;
        Some(Self {
            words: Arc::clone(words),
            index,
        })
    }

    /// The word itself.
    pub fn word(&self) -> &str {
        &self.words[self.index]
    }

    /// All known words that stand so to it: of LOW, NORMAL, HIGH those `>= NORMAL` are NORMAL and HIGH.
    pub fn fitting(&self, comparison: Comparison) -> impl Iterator<Item = &str> {
        self.words
            .iter()
            .enumerate()
            .filter(move |(index, _)| comparison.fits(index.cmp(&self.index)))
            .map(|(_, word)| word.as_str())
    }

    /// Where `word` stands to this one; none when it is not known.
    pub(crate) fn order_of(&self, word: &str) -> Option<std::cmp::Ordering> {
        let index = self.words.iter().position(|known| known == word)?;
        Some(index.cmp(&self.index))
    }
}

/// The kind that a value looks like, where the field has none of its own.
pub fn kind_of(pattern: &Pattern, quoted: bool) -> Kind {
    match pattern.word() {
        Some(word) if !quoted && number(word).is_ok() => Kind::Number,
        Some(word) if !quoted && boolean(word).is_ok() => Kind::Bool,
        Some(word) if !quoted && time(word).is_ok() => Kind::Time,
        _ => Kind::Text,
    }
}

/// A whole number.
pub fn integer(word: &str) -> Result<Literal, String> {
    word.parse()
        .map(Literal::Integer)
        .map_err(|_| "must be a whole number, such as 3 or -3".to_owned())
}

/// A number.
pub fn number(word: &str) -> Result<Literal, String> {
    let digits = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match word.parse::<f64>() {
        Ok(number) if digits && number.is_finite() => Ok(Literal::Number(number)),
        _ => Err("must be a number, such as 3, -3.5 or 1e6".to_owned()),
    }
}

/// True or false.
pub fn boolean(word: &str) -> Result<Literal, String> {
    match word {
        "true" => Ok(Literal::Bool(true)),
        "false" => Ok(Literal::Bool(false)),
        _ => Err("must be true or false".to_owned()),
    }
}

/// An instant. A leap second is the beginning of the next second.
pub fn time(word: &str) -> Result<Literal, String> {
    const WRONG: &str = "must be a time as RFC 3339 has it, such as 2026-03-29T14:00:00Z or 2026-03-29T16:00:00+02:00";
    let read = DateTime::parse_from_rfc3339(word).ok();
    read.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()))
        .filter(|time| (1..=9999).contains(&time.year()))
        .map(Literal::Time)
        .ok_or_else(|| WRONG.to_owned())
}

/// A day.
pub fn date(word: &str) -> Result<Literal, String> {
    let written = word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(word, "%Y-%m-%d")
        .ok()
        .filter(|date| written && (1..=9999).contains(&date.year()))
        .map(Literal::Date)
        .ok_or_else(|| "must be a day of the calendar, such as 2026-03-29".to_owned())
}

/// A length of time: a number with its unit. Fractions below a microsecond are cut.
pub fn duration(word: &str) -> Result<Literal, String> {
    read_duration(word)
        .map(Literal::Duration)
        .ok_or_else(|| "must be a length of time with its unit, such as 90s, 1.5h, 20m or 3d".to_owned())
}

fn read_duration(word: &str) -> Option<TimeDelta> {
    let unit: i128 = match word.chars().next_back()? {
        's' => 1_000_000,
        'm' => 60 * 1_000_000,
        'h' => 3_600 * 1_000_000,
        'd' => 86_400 * 1_000_000,
        _ => return None,
    };
    let number = &word[..word.len() - 1];
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let scaled = whole.parse::<i128>().ok()? * scale + fraction.parse::<i128>().ok()?;
    let micros = i64::try_from(sign * scaled * unit / scale).ok()?;
    Some(TimeDelta::microseconds(micros))
}

/// As it is written in a filter.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(pattern) => write!(f, "{pattern}"),
            Self::Choice(choice) => text::write_pattern(f, &[choice.word().to_owned()]),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) if *number == 0.0 || (1e-6..1e15).contains(&number.abs()) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Time(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Date(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Self::Duration(length) => {
                let micros = length.num_microseconds().unwrap_or(i64::MAX);
                let sign = if micros < 0 { "-" } else { "" };
                let (seconds, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
                match rest {
                    0 => write!(f, "{sign}{seconds}s"),
                    _ => write!(f, "{sign}{seconds}.{rest:06}s"),
                }
            }
        }
    }
}
