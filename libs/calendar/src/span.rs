//! Opening hours of one day: `09:00-17:00`, `22:00-06:00`, `00:00-24:00`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Hours that start on a day: from `start`, included, to `end`, excluded, in minutes after that day's midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// 0 to 1439.
    start: u16,
    /// Above `start`, at most 24 hours above it. 1440 is the end of the day, more is on the next one.
    end: u16,
}

/// Why a text is no opening hours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpanError {
    /// Not `HH:MM-HH:MM`.
    #[error("write hours as HH:MM-HH:MM, such as 09:00-17:00")]
    Form,
    /// No such minute in a day.
    #[error("a day has the times 00:00 to 23:59, and 24:00 as an end")]
    Time,
}

impl Span {
    /// Minutes after midnight at which it starts: 0 to 1439.
    pub fn start_minute(self) -> u16 {
        self.start
    }

    /// Minutes after the same midnight at which it ends: 1 to 2879; above 1440 it ends on the next day.
    pub fn end_minute(self) -> u16 {
        self.end
    }

    /// Whether both have a minute in common, both starting on the same day.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// From `start` (0 to 1439) to `end`.
    pub(crate) fn between(start: u16, end: u16) -> Self {
        Self { start, end }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (start, end) = text.split_once('-').ok_or(SpanError::Form)?;
        let (start, end) = (minute(start)?, minute(end)?);
        if start >= DAY {
            return Err(SpanError::Time);
        }
        let end = if end <= start { end + DAY } else { end };
        Ok(Self { start, end })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.end > DAY { self.end - DAY } else { self.end };
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            self.start / 60,
            self.start % 60,
            end / 60,
            end % 60
        )
    }
}

fn minute(text: &str) -> Result<u16, SpanError> {
    let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
        return Err(SpanError::Form);
    };
    let digit = |byte: u8| {
        byte.is_ascii_digit()
            .then(|| u16::from(byte - b'0'))
            .ok_or(SpanError::Form)
    };
    let (hour, minute) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    if minute > 59 || hour * 60 + minute > DAY {
        return Err(SpanError::Time);
    }
    Ok(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_written_alike() {
        for (text, start, end, written) in [
            ("09:00-17:00", 540, 1020, "09:00-17:00"),
            ("22:00-06:00", 1320, 1800, "22:00-06:00"),
            ("00:00-24:00", 0, 1440, "00:00-24:00"),
            ("22:00-24:00", 1320, 1440, "22:00-24:00"),
            // An end at the start is the same time of the next day.
            ("09:00-09:00", 540, 1980, "09:00-09:00"),
            // Midnight is at or before every start, so it is the next one: the end of the day, written as such.
            ("00:00-00:00", 0, 1440, "00:00-24:00"),
            ("22:00-00:00", 1320, 1440, "22:00-24:00"),
            ("23:59-23:58", 1439, 2878, "23:59-23:58"),
        ] {
            let span: Span = text.parse().expect(text);
            assert_eq!((span.start_minute(), span.end_minute()), (start, end), "{text}");
            assert_eq!(span.to_string(), written);
            assert_eq!(written.parse::<Span>(), Ok(span));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (text, error) in [
            ("", SpanError::Form),
            ("09:00", SpanError::Form),
            ("9:00-17:00", SpanError::Form),
            ("09:00-17:00-18:00", SpanError::Form),
            (" 09:00-17:00", SpanError::Form),
            ("09.00-17.00", SpanError::Form),
            ("09:00–17:00", SpanError::Form),
            ("+9:00-17:00", SpanError::Form),
            ("24:00-17:00", SpanError::Time),
            ("09:00-24:01", SpanError::Time),
            ("09:60-17:00", SpanError::Time),
            ("09:00-25:00", SpanError::Time),
        ] {
            assert_eq!(text.parse::<Span>(), Err(error), "{text}");
        }
    }
}
