//! A compiled schedule: the questions and their answers.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::blocks::Blocks;
use crate::schedule::Schedule;

const MICROS: i128 = 1_000_000;

/// Calendars that [`Calendar::shared`] keeps: some ten kilobytes each.
const SHARED_MAX: usize = 1_000;

/// Compiling is a pure function of the schedule, so it does not matter to anybody who did it, or when.
static SHARED: LazyLock<Mutex<HashMap<Schedule, Calendar>>> = LazyLock::new(Mutex::default);

/// Opening hours, compiled for questions: each costs a few binary searches, however long the span.
///
/// Compiling walks the clock changes of the zone (about 250, for two centuries) and the exceptions: keep a calendar
/// while you need it. Cheap to clone.
#[derive(Clone)]
pub struct Calendar {
    blocks: Arc<Blocks>,
}

impl Calendar {
    /// Compiles `schedule`.
    pub fn new(schedule: &Schedule) -> Self {
        Self {
            blocks: Arc::new(Blocks::of(schedule)),
        }
    }

    /// As [`Calendar::new`], once for all who ask for the same versions of a schedule: thousands of snapshots have the same.
    pub fn shared(schedule: &Schedule) -> Self {
        let shared = || SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared().get(schedule) {
            return known.clone();
        }
        // Nobody waits for it; of two who compile the same one is kept.
        let compiled = Self::new(schedule);
        let mut shared = shared();
        if shared.len() >= SHARED_MAX {
            shared.clear();
        }
        shared.entry(schedule.clone()).or_insert(compiled).clone()
    }

    /// Open time in `[from, to)`; zero when `to` is not after `from`.
    pub fn business(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        if to <= from {
            return TimeDelta::zero();
        }
        let open = self.until(to) - self.until(from);
        let seconds = i64::try_from(open.div_euclid(MICROS)).unwrap_or(i64::MAX);
        let micros = u32::try_from(open.rem_euclid(MICROS)).unwrap_or(0);
        TimeDelta::new(seconds, micros * 1_000).unwrap_or(TimeDelta::MAX)
    }

    /// The earliest instant at or after `from` at which `wanted` open time is used up: `from` itself when nothing is
    /// wanted, closing time when it is used up exactly then.
    ///
    /// `None`: never, because the desk does not open often enough before the end of time.
    pub fn due(&self, from: DateTime<Utc>, wanted: TimeDelta) -> Option<DateTime<Utc>> {
        if wanted <= TimeDelta::zero() {
            return Some(from);
        }
        let nanos = i128::from(wanted.num_seconds()) * 1_000_000_000 + i128::from(wanted.subsec_nanos());
        // A part of a microsecond is used up with the microsecond.
        let target = self.until(from) + (nanos + 999).div_euclid(1_000);
        // Used up within an open second, or just when one ends.
        let seconds = i64::try_from((target + MICROS - 1).div_euclid(MICROS)).ok()?;
        let end = i128::from(self.blocks.reaches(seconds)?) * MICROS;
        instant(end - (i128::from(seconds) * MICROS - target))
    }

    /// Whether the desk is open at `at`: opening time is, closing time is not.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.blocks.until(at.timestamp()).1
    }

    /// The earliest instant at or after `at` at which the desk is open; `None`: never again.
    pub fn opens_at(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (before, is_open) = self.blocks.until(at.timestamp());
        if is_open {
            return Some(at);
        }
        let first_second_ends = self.blocks.reaches(before + 1)?;
        DateTime::from_timestamp(first_second_ends - 1, 0)
    }

    /// Open microseconds before `at`, counted from a fixed instant.
    fn until(&self, at: DateTime<Utc>) -> i128 {
        let (seconds, is_open) = self.blocks.until(at.timestamp());
        // A leap second is the end of the second before it.
        let part = if is_open {
            at.timestamp_subsec_micros().min(999_999)
        } else {
            0
        };
        i128::from(seconds) * MICROS + i128::from(part)
    }
}

impl From<&Schedule> for Calendar {
    fn from(schedule: &Schedule) -> Self {
        Self::new(schedule)
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").finish_non_exhaustive()
    }
}

fn instant(micros: i128) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(i64::try_from(micros).ok()?)
}

#[cfg(test)]
mod tests;
