//! Times as they are stored: BIGINT, microseconds since 1970 UTC, the same on both engines.

use chrono::{DateTime, Utc};

/// The stored form of a time. Parts of a microsecond are cut off.
pub fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// The time a stored value stands for. Values outside chrono's range (year ±262,000) become the nearest end.
pub fn from_micros(value: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(value).unwrap_or(if value < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}
