//! How long the call in work may still take: set by the deadline layer, passed on by [`crate::Peers`].

use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

tokio::task_local! {
    /// When the call that this task works on must be answered.
    pub(crate) static DEADLINE: Instant;
}

/// How long the call that this task works on may still take; `None` outside of calls, in tasks that a handler spawned, and
/// when the client set no deadline on a stream. Zero when time is up.
pub fn remaining() -> Option<Duration> {
    DEADLINE
        .try_with(|deadline| deadline.saturating_duration_since(Instant::now()))
        .ok()
}

/// The header that carries a deadline, as a duration.
pub(crate) const HEADER: &str = "grpc-timeout";

/// The header's value: at most eight digits and a unit.
pub(crate) fn to_header(remaining: Duration) -> HeaderValue {
    let text = match remaining.as_micros() {
        // A deadline that has passed is sent as the shortest one there is, so that the peer says DEADLINE_EXCEEDED.
        0 => "1u".to_owned(),
        micros @ 1..=99_999_999 => format!("{micros}u"),
        _ => format!("{}m", remaining.as_millis().min(99_999_999)),
    };
    HeaderValue::try_from(text).expect("digits and a letter are a header value")
}

/// The duration in a header; `None` when it is malformed, which clients must not send and servers ignore.
pub(crate) fn from_header(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(amount * 3600)),
        'M' => Some(Duration::from_secs(amount * 60)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_written() {
        for (text, duration) in [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("99999999m", Duration::from_millis(99_999_999)),
            ("5u", Duration::from_micros(5)),
            ("0n", Duration::ZERO),
        ] {
            assert_eq!(from_header(&HeaderValue::from_static(text)), Some(duration), "{text}");
        }
        for text in ["", "S", "1", "1s", "-1S", "123456789S", "1.5S", "+1S"] {
            assert_eq!(from_header(&HeaderValue::from_static(text)), None, "{text}");
        }
        for duration in [
            Duration::from_micros(1),
            Duration::from_millis(1_500),
            Duration::from_secs(3_600),
        ] {
            assert_eq!(from_header(&to_header(duration)), Some(duration));
        }
        assert_eq!(from_header(&to_header(Duration::ZERO)), Some(Duration::from_micros(1)));
        assert!(from_header(&to_header(Duration::MAX)).is_some());
    }
}
