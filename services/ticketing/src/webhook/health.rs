//! How an endpoint has been doing, and what follows: an endpoint that is down is asked now and then, not with every event. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Disabled, Outcome};

/// Whoever takes nothing for so long is disabled.
const FAILING_MAX: TimeDelta = TimeDelta::days(5);
/// So many failures in a row make an endpoint doubtful.
const DOUBTFUL: i32 = 3;
/// The pause after that many failures; it doubles with each further one.
const PAUSE: TimeDelta = TimeDelta::seconds(2);
const PAUSE_MAX: TimeDelta = TimeDelta::minutes(5);

/// How an endpoint has been doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures since the last success.
    pub failures: i32,
    /// When the first of them was.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when it is left alone.
    pub paused_until: Option<DateTime<Utc>>,
}

impl Health {
    /// Whether the last attempts have all failed.
    pub fn is_doubtful(&self) -> bool {
        self.failures >= DOUBTFUL
    }

    /// Notes an attempt that ended at `now`; gives why the endpoint is to be disabled, if it is.
    pub fn note(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Option<Disabled> {
        match outcome {
            outcome if outcome.is_success() => {
                *self = Self::default();
                return None;
            }
            // The endpoint had no part in it.
            Outcome::Internal | Outcome::Hopeless(_) => return None,
            outcome if outcome.is_gone() => return Some(Disabled::Gone),
            _ => {}
        }
        self.failures = self.failures.saturating_add(1);
        let since = *self.failing_since.get_or_insert(now);
        let pause = self.pause().max(outcome.retry_after().unwrap_or_default());
        if pause > TimeDelta::zero() {
            self.paused_until = self.paused_until.max(Some(now + pause));
        }
        (now - since >= FAILING_MAX).then_some(Disabled::Failing)
    }

    fn pause(&self) -> TimeDelta {
        let doublings = self.failures - DOUBTFUL;
        match u32::try_from(doublings) {
            Ok(doublings) => (PAUSE * (1 << doublings.min(16))).min(PAUSE_MAX),
            Err(_) => TimeDelta::zero(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
    }

    const FAILED: Outcome = Outcome::Failed("TIMEOUT");

    #[test]
    fn failures_in_a_row_make_pauses_that_double_and_a_success_ends_them() {
        let mut health = Health::default();
        let mut pauses = Vec::new();
        for second in 0..12 {
            assert_eq!(health.note(FAILED, at(second * 1_000)), None);
            let until = health
                .paused_until
                .map_or(0, |until| (until - at(second * 1_000)).num_seconds());
            pauses.push(until.max(0));
        }
        assert_eq!(pauses, [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!((health.failures, health.failing_since), (12, Some(at(0))));
        assert!(health.is_doubtful());
        assert_eq!(health.note(Outcome::Answered(200, None), at(12_000)), None);
        assert_eq!(health, Health::default());
    }

    #[test]
    fn an_endpoint_that_asks_for_a_pause_gets_it_at_once() {
        let mut health = Health::default();
        health.note(Outcome::Answered(429, Some(TimeDelta::seconds(90))), at(0));
        assert_eq!(health.paused_until, Some(at(90)));
        // A shorter pause afterwards does not end the longer one.
        health.note(Outcome::Answered(503, Some(TimeDelta::seconds(5))), at(1));
        assert_eq!(health.paused_until, Some(at(90)));
    }

    #[test]
    fn gone_is_at_once_and_failing_is_after_days() {
        let mut health = Health::default();
        assert_eq!(health.note(Outcome::Answered(410, None), at(0)), Some(Disabled::Gone));
        let days = FAILING_MAX.num_seconds();
        assert_eq!(health.note(FAILED, at(0)), None);
        assert_eq!(health.note(FAILED, at(days - 1)), None);
        assert_eq!(health.note(FAILED, at(days)), Some(Disabled::Failing));
        let mut interrupted = Health::default();
        interrupted.note(FAILED, at(0));
        interrupted.note(Outcome::Answered(201, None), at(days - 1));
        assert_eq!(interrupted.note(FAILED, at(days)), None);
        // What was not the endpoint's fault changes nothing.
        let before = interrupted;
        for ours in [Outcome::Internal, Outcome::Hopeless("EVENT_GONE")] {
            assert_eq!(interrupted.note(ours, at(2 * days)), None);
        }
        assert_eq!(interrupted, before);
    }
}
