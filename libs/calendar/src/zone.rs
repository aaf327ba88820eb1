//! The clock changes of a zone, and what a local time means there.
//!
//! chrono-tz answers for one instant but does not say when the clocks change, so they are searched for once a zone and
//! kept for the life of the process: every few days an offset is asked for, and where two differ the change between
//! them is found by halving. The table of chrono-tz has changes from 1844 to 2099, nowhere two within a week (the tests
//! hold both against all zones); before the first and after the last the offset stays.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// 1840-01-01 and 2110-01-01: before the first clock change on record and after the last that is computed.
const SEARCHED: (i64, i64) = (-4_102_444_800, 4_417_977_600);

/// Shorter than any time between two changes.
const STEP: i64 = 4 * DAY;

/// A change of the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The first second with the new offset, in seconds since 1970 UTC.
    pub at: i64,
    /// Seconds east of UTC until then.
    pub before: i64,
    /// Seconds east of UTC from then on.
    pub after: i64,
}

/// A zone by its clock changes.
#[derive(Debug)]
pub struct Zone {
    /// Without any change: this offset always.
    first: i64,
    /// In order.
    changes: Vec<Change>,
}

impl Zone {
    /// The changes of `zone`; searched for the first time, remembered afterwards.
    pub fn of(zone: Tz) -> Arc<Self> {
        static KNOWN: OnceLock<Mutex<HashMap<Tz, Arc<Zone>>>> = OnceLock::new();
        let known = KNOWN.get_or_init(Mutex::default);
        if let Some(found) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&zone) {
            return Arc::clone(found);
        }
        let searched = Arc::new(Self::search(zone));
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(zone).or_insert(searched))
    }

    fn search(zone: Tz) -> Self {
        let (from, to) = SEARCHED;
        let first = offset(zone, from);
        let mut changes = Vec::new();
        let (mut at, mut before) = (from, first);
        while at < to {
            let next = at + STEP;
            let after = offset(zone, next);
            if after != before {
                // `low` has the old offset, `high` the new one.
                let (mut low, mut high) = (at, next);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if offset(zone, middle) == before {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                changes.push(Change {
                    at: high,
                    before,
                    after,
                });
            }
            (at, before) = (next, after);
        }
        Self { first, changes }
    }

    /// Every clock change, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The local time of an instant, both in seconds since 1970.
    pub fn local(&self, at: i64) -> i64 {
        let begun = self.changes.partition_point(|change| change.at <= at);
        match begun.checked_sub(1) {
            Some(last) => at + self.changes[last].after,
            None => at + self.changes.first().map_or(self.first, |change| change.before),
        }
    }

    /// The instant of a local time, both in seconds since 1970: of two the first, a skipped one with the offset
    /// before the jump.
    pub fn instant(&self, local: i64) -> i64 {
        // The first stretch of one offset that is not over, on its own clock, at `local`.
        let stretch = self
            .changes
            .partition_point(|change| change.at + change.before <= local);
        let Some(began) = stretch.checked_sub(1).map(|last| self.changes[last]) else {
            return local - self.changes.first().map_or(self.first, |change| change.before);
        };
        if local - began.after >= began.at {
            local - began.after
        } else {
            // It has not begun there either: the jump left `local` out.
            local - began.before
        }
    }
}

fn offset(zone: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

#[cfg(test)]
mod tests;
