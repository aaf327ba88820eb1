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
