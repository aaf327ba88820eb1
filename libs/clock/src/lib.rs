//! The only place that reads the system clock.
//!
//! Everything else takes the time as an argument or a [`SharedClock`], so that tests can move it and
//! so that a figure never depends on when a timer happened to run. Times are UTC with microseconds,
//! the resolution that is stored.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Tells the time. Two implementations exist: the system's clock and [`ManualClock`] for tests.
pub trait Clock: Send + Sync + 'static {
    /// The present moment in UTC, truncated to the microsecond.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that services and loops share.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of the machine.
pub fn system() -> SharedClock {
    Arc::new(SystemClock)
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> DateTime<Utc> {
        truncate(Utc::now())
    }
}

/// A clock that stands still until it is told to move. Clones share the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Starts at `at`.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(truncate(at))))
    }

    /// Jumps to `at`, forwards or backwards.
    pub fn set(&self, at: DateTime<Utc>) {
        *self.lock() = truncate(at);
    }

    /// Moves forwards by `by`.
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.lock();
        *now += by;
    }

    /// This clock as the shared kind that services take.
    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        // A poisoned clock still holds a valid time: a panicking test must not hide its own message.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

fn truncate(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests;
