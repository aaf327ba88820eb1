//! Between protobuf's times and ours. Everything is kept to the microsecond, as the stores keep it.

use chrono::{DateTime, TimeDelta, Utc};

/// A time as protobuf writes it.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let micros = at.timestamp_micros();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1_000).expect("below one second"),
    }
}

/// A time as we keep it, cut to the microsecond. `None` when it is outside of years 1 to 9999 or its nanoseconds are out of range.
#[must_use]
pub fn from_timestamp(at: &prost_types::Timestamp) -> Option<DateTime<Utc>> {
    // The range that google.protobuf.Timestamp allows: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    if !(-62_135_596_800..=253_402_300_799).contains(&at.seconds) || !(0..1_000_000_000).contains(&at.nanos) {
        return None;
    }
    DateTime::from_timestamp_micros(at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000)
}

/// A length of time as protobuf writes it.
#[must_use]
pub fn duration(length: TimeDelta) -> prost_types::Duration {
    prost_types::Duration {
        seconds: length.num_seconds(),
        nanos: length.subsec_nanos(),
    }
}

/// A length of time. `None` when it is outside of what protobuf allows (10,000 years) or its parts have different signs.
#[must_use]
pub fn from_duration(length: &prost_types::Duration) -> Option<TimeDelta> {
    let signs_agree = length.seconds == 0 || length.nanos == 0 || (length.seconds < 0) == (length.nanos < 0);
    if !signs_agree || length.seconds.abs() > 315_576_000_000 || length.nanos.abs() > 999_999_999 {
        return None;
    }
    Some(TimeDelta::seconds(length.seconds) + TimeDelta::nanoseconds(i64::from(length.nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_both_ways_to_the_microsecond() {
        for micros in [
            -62_135_596_800_000_000,
            -1,
            0,
            1,
            1_700_000_000_123_456,
            253_402_300_799_999_999,
        ] {
            let at = DateTime::from_timestamp_micros(micros).expect("in range");
            assert_eq!(from_timestamp(&timestamp(at)), Some(at));
        }
    }

    #[test]
    fn times_out_of_range_are_refused() {
        for (seconds, nanos) in [
            (i64::MAX, 0),
            (i64::MIN, 0),
            (0, -1),
            (0, 1_000_000_000),
            (253_402_300_800, 0),
        ] {
            assert_eq!(from_timestamp(&prost_types::Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn lengths_survive_both_ways() {
        for nanos in [-1_500_000_000, -1, 0, 1, 1_500_000_000] {
            let length = TimeDelta::nanoseconds(nanos);
            assert_eq!(from_duration(&duration(length)), Some(length));
        }
        assert_eq!(from_duration(&prost_types::Duration { seconds: 1, nanos: -1 }), None);
    }
}
