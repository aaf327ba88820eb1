//! When a call is made again, and after how long.

use std::time::Duration;

use rand::Rng;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Calls are made again on UNAVAILABLE, and on any other status only when the server says after how long (RetryInfo: it is
/// busy, or a twin of the call is running). Never on DEADLINE_EXCEEDED or INTERNAL. With a `request_id` a repeat is harmless.
///
/// The wait doubles from `first_wait` up to `longest_wait`, with full jitter, and is never shorter than the server asked for.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often a call is made at most; 1 means never again.
    pub attempts: u32,
    /// Longest wait before the second attempt.
    pub first_wait: Duration,
    /// Longest wait before any attempt, unless the server asks for more.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(5),
        }
    }
}

impl Retry {
    /// Makes the call until it succeeds, cannot be made again, or was made `attempts` times.
    ///
    /// # Errors
    /// The status of the last attempt.
    pub async fn run<T>(&self, mut call: impl AsyncFnMut() -> Result<T, Status>) -> Result<T, Status> {
        let mut attempt = 1;
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(status) if attempt >= self.attempts => return Err(status),
                Err(status) => match delay_before_retry(&status) {
                    None => return Err(status),
                    Some(asked) => tokio::time::sleep(asked.max(self.jittered(attempt))).await,
                },
            }
            attempt += 1;
        }
    }

    fn jittered(&self, attempt: u32) -> Duration {
        let ceiling = self
            .first_wait
            .saturating_mul(1 << (attempt - 1).min(16))
            .min(self.longest_wait);
        ceiling.mul_f64(rand::rng().random_range(0.0..=1.0))
    }
}

/// The shortest wait before a call with this outcome may be made again; `None`: it must not be, the outcome is final.
#[must_use]
pub fn delay_before_retry(status: &Status) -> Option<Duration> {
    let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
    match status.code() {
        Code::Unavailable => Some(asked.unwrap_or(Duration::ZERO)),
        Code::Aborted | Code::ResourceExhausted => asked,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn with_retry_info(code: Code, delay: Duration) -> Status {
        Status::with_error_details(code, "again later", ErrorDetails::with_retry_info(Some(delay)))
    }

    #[test]
    fn only_what_is_safe_is_called_again() {
        let second = Duration::from_secs(1);
        let cases = [
            (Status::new(Code::Unavailable, ""), Some(Duration::ZERO)),
            (with_retry_info(Code::Unavailable, second), Some(second)),
            (Status::new(Code::Aborted, "etag"), None),
            (with_retry_info(Code::Aborted, second), Some(second)),
            (Status::new(Code::ResourceExhausted, ""), None),
            (with_retry_info(Code::ResourceExhausted, second), Some(second)),
            (Status::new(Code::DeadlineExceeded, ""), None),
            (Status::new(Code::Internal, ""), None),
            (with_retry_info(Code::InvalidArgument, second), None),
        ];
        for (status, expected) in cases {
            assert_eq!(delay_before_retry(&status), expected, "{status:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_until_it_succeeds() {
        let mut answers = VecDeque::from([
            Err(Status::new(Code::Unavailable, "")),
            Err(with_retry_info(Code::Aborted, Duration::from_secs(2))),
            Ok(7),
        ]);
        let started = tokio::time::Instant::now();
        let answer = Retry::default()
            .run(async || answers.pop_front().expect("not called again"))
            .await;
        assert_eq!(answer.expect("succeeds at last"), 7);
        assert!(
            started.elapsed() >= Duration::from_secs(2),
            "waits as long as the server asked"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_after_the_attempts_allowed() {
        let mut calls = 0;
        let outcome: Result<(), Status> = Retry {
            attempts: 3,
            ..Retry::default()
        }
        .run(async || {
            calls += 1;
            Err(Status::new(Code::Unavailable, ""))
        })
        .await;
        assert_eq!(outcome.expect_err("never succeeds").code(), Code::Unavailable);
        assert_eq!(calls, 3);
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        let retry = Retry::default();
        for attempt in 1..100 {
            assert!(retry.jittered(attempt) <= retry.longest_wait);
        }
    }
}
