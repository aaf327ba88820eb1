//! A week that repeats for ever: open time of ordinary weeks, on the local clock.

use crate::intervals::Intervals;
use crate::span::Span;
use crate::zone::DAY;

const WEEK: i64 = 7 * DAY;

/// Local midnight of a Monday, in seconds since 1970-01-01 local: the 29th of December 1969.
const MONDAY: i64 = -3 * DAY;

/// The hours of a week, with those of Sunday night reaching into Monday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    open: Intervals,
}

impl Week {
    /// The week of these hours by day, Monday first.
    pub fn new(days: &[Vec<Span>; 7]) -> Self {
        let mut pairs = Vec::new();
        for (day, hours) in (0_i64..).zip(days) {
            for span in hours {
                let start = day * DAY + i64::from(span.start_minute()) * 60;
                let end = day * DAY + i64::from(span.end_minute()) * 60;
                pairs.push((start, end.min(WEEK)));
                pairs.push((0, end - WEEK));
            }
        }
        Self {
            open: Intervals::union(pairs),
        }
    }

    /// Open seconds from a fixed Monday to `local` (negative before it), and whether that second is open.
    pub fn until(&self, local: i64) -> (i64, bool) {
        let (weeks, rest) = ((local - MONDAY).div_euclid(WEEK), (local - MONDAY).rem_euclid(WEEK));
        let (open, is_open) = self.open.until(rest);
        (weeks * self.open.total() + open, is_open)
    }

    /// The earliest local time with `wanted` open seconds since that Monday; `None` when it is never open.
    pub fn reaches(&self, wanted: i64) -> Option<i64> {
        let total = self.open.total();
        if total == 0 {
            return None;
        }
        // 1 to the total: what is used up when a week closes is not carried into the next.
        let weeks = (wanted - 1).div_euclid(total);
        let rest = self.open.reaches(wanted - weeks * total)?;
        Some(weeks * WEEK + rest + MONDAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_repeat_in_both_directions() {
        let mut days: [Vec<Span>; 7] = Default::default();
        days[0] = vec!["09:00-17:00".parse().expect("hours")];
        days[6] = vec!["22:00-02:00".parse().expect("hours")];
        let week = Week::new(&days);
        let at = |text: &str| {
            let local: chrono::NaiveDateTime = text.parse().expect("a local time");
            local.and_utc().timestamp()
        };
        let between = |from: &str, to: &str| week.until(at(to)).0 - week.until(at(from)).0;
        // 2026-03-02 is a Monday.
        assert_eq!(between("2026-03-02T00:00:00", "2026-03-09T00:00:00"), 12 * 3_600);
        assert_eq!(between("2026-03-02T01:00:00", "2026-03-02T10:30:00"), 3_600 + 5_400);
        assert_eq!(between("1926-03-01T00:00:00", "1926-03-01T02:00:00"), 7_200);
        assert_eq!(between("1926-03-01T00:00:00", "2026-03-02T00:00:00") % (12 * 3_600), 0);
        for text in ["2026-03-02T01:30:00", "2026-03-02T17:00:00", "1926-03-07T23:59:59"] {
            let (open, _) = week.until(at(text));
            assert_eq!(week.reaches(open), Some(at(text)), "{text}");
        }
        // Used up at closing is closing, not the next opening.
        assert_eq!(
            week.reaches(week.until(at("2026-03-07T12:00:00")).0),
            Some(at("2026-03-02T17:00:00"))
        );
        assert!(week.until(at("2026-03-02T16:59:59")).1 && !week.until(at("2026-03-02T17:00:00")).1);
        assert_eq!(Week::new(&Default::default()).reaches(1), None);
    }
}
