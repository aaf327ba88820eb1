//! When somebody was a customer: won, left, won again. The list is kept, so that who was there at any time can be told
//! from the latest event alone. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Most periods of a customer, the present one included.
const PERIODS_MAX: usize = 51;

/// A time in which somebody is or was a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Won.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub won_at: DateTime<Utc>,
    /// Left; none: still there.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub left_at: Option<DateTime<Utc>>,
}

/// All of them in order: each begins where the one before has ended, or later; only the last may have no end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Periods(Vec<Period>);

/// What an update says about the present period; the outer none: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// Won at; the inner none: never.
    pub won_at: Option<Option<DateTime<Utc>>>,
    /// Left at; the inner none: not.
    pub left_at: Option<Option<DateTime<Utc>>>,
}

/// What is wrong: the field, and why.
pub type Wrong = (&'static str, &'static str);

impl Periods {
    /// The present or last one.
    pub fn last(&self) -> Option<Period> {
        self.0.last().copied()
    }

    /// Those before it.
    pub fn earlier(&self) -> &[Period] {
        self.0.split_last().map_or(&[], |(_, earlier)| earlier)
    }

    /// Applies what was said.
    ///
    /// # Errors
    /// When a period would end before it begins, or begin before the one before has ended; then nothing has changed.
    pub fn say(&mut self, said: Said) -> Result<(), Wrong> {
        let mut after = self.0.clone();
        match said.won_at {
            Some(Some(won_at)) => {
                let again = after
                    .last()
                    .is_some_and(|last| last.left_at.is_some_and(|left| won_at >= left) && won_at != last.won_at);
                let old = if again { None } else { after.pop() };
                let left_at = said.left_at.unwrap_or(old.and_then(|old| old.left_at));
                after.push(Period { won_at, left_at });
            }
            Some(None) => {
                if said.left_at.is_some_and(|left| left.is_some()) {
                    return Err(("left_at", "must be missing when won_at is"));
                }
                after.pop();
            }
            None => match (said.left_at, after.last_mut()) {
                (Some(left_at), Some(last)) => last.left_at = left_at,
                (Some(Some(_)), None) => return Err(("left_at", "needs won_at: who was never won cannot leave")),
                _ => {}
            },
        }
        check(&after)?;
        self.0 = after;
        Ok(())
    }

    /// What two that are one person were together.
    pub fn union(&self, other: &Self) -> Self {
        let mut all: Vec<Period> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_by_key(|period| period.won_at);
        let mut joined: Vec<Period> = Vec::with_capacity(all.len());
        for next in all {
            match joined.last_mut() {
                Some(last) if last.left_at.is_none_or(|left| next.won_at <= left) => {
                    last.left_at = match (last.left_at, next.left_at) {
                        (Some(one), Some(two)) => Some(one.max(two)),
                        _ => None,
                    };
                }
                _ => joined.push(next),
            }
        }
        // More than anybody has: the oldest gaps are given up, the first day and the last are kept.
        while joined.len() > PERIODS_MAX {
            let second = joined.remove(1);
            joined[0].left_at = second.left_at;
        }
        Self(joined)
    }
}

fn check(periods: &[Period]) -> Result<(), Wrong> {
    if periods.len() > PERIODS_MAX {
        return Err(("won_at", "was won too often: at most 50 earlier periods are kept"));
    }
    let Some((last, earlier)) = periods.split_last() else {
        return Ok(());
    };
    if last.left_at.is_some_and(|left| left < last.won_at) {
        return Err(("left_at", "must not be before won_at"));
    }
    if earlier
        .last()
        .is_some_and(|before| before.left_at.is_none_or(|left| last.won_at < left))
    {
        return Err(("won_at", "must not be before the end of the earlier period"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + day * 86_400, 0).expect("valid")
    }

    fn won(day: i64) -> Said {
        Said {
            won_at: Some(Some(at(day))),
            left_at: None,
        }
    }

    fn left(day: Option<i64>) -> Said {
        Said {
            won_at: None,
            left_at: Some(day.map(at)),
        }
    }

    fn days(periods: &Periods) -> Vec<(i64, Option<i64>)> {
        let day = |at: DateTime<Utc>| (at.timestamp() - 1_700_000_000) / 86_400;
        periods
            .0
            .iter()
            .map(|one| (day(one.won_at), one.left_at.map(day)))
            .collect()
    }

    #[test]
    fn a_customer_is_won_leaves_and_is_won_again() {
        let mut periods = Periods::default();
        periods.say(won(10)).expect("won");
        periods.say(won(8)).expect("corrected");
        periods.say(left(Some(20))).expect("left");
        periods.say(won(8)).expect("told again");
        assert_eq!(days(&periods), [(8, Some(20))]);
        periods.say(won(25)).expect("won again");
        periods.say(won(25)).expect("told again");
        assert_eq!(days(&periods), [(8, Some(20)), (25, None)]);
        assert_eq!(periods.earlier().len(), 1);
        periods.say(left(Some(30))).expect("left");
        periods.say(left(None)).expect("has not left after all");
        assert_eq!(days(&periods), [(8, Some(20)), (25, None)]);
        let never = Said {
            won_at: Some(None),
            left_at: None,
        };
        periods.say(never).expect("a mistake");
        assert_eq!(days(&periods), [(8, Some(20))]);
        let both = Said {
            won_at: Some(Some(at(20))),
            left_at: Some(Some(at(21))),
        };
        periods.say(both).expect("the same day again");
        periods.say(both).expect("told again");
        assert_eq!(days(&periods), [(8, Some(20)), (20, Some(21))]);
    }

    #[test]
    fn impossible_dates_are_refused_and_change_nothing() {
        let mut periods = Periods::default();
        assert_eq!(periods.say(left(Some(1))).expect_err("never won").0, "left_at");
        periods.say(left(None)).expect("says nothing");
        periods.say(won(10)).expect("won");
        assert_eq!(periods.say(left(Some(9))).expect_err("before it was won").0, "left_at");
        periods.say(left(Some(20))).expect("left");
        periods.say(won(30)).expect("won again");
        assert_eq!(periods.say(won(19)).expect_err("overlaps").0, "won_at");
        let wrong = Said {
            won_at: Some(None),
            left_at: Some(Some(at(40))),
        };
        assert_eq!(periods.say(wrong).expect_err("left without won").0, "left_at");
        assert_eq!(days(&periods), [(10, Some(20)), (30, None)]);
    }

    #[test]
    fn winning_is_bounded() {
        let mut periods = Periods::default();
        for day in 0..51 {
            periods
                .say(Said {
                    won_at: Some(Some(at(day * 2))),
                    left_at: Some(Some(at(day * 2 + 1))),
                })
                .expect("won and left");
        }
        assert_eq!(periods.say(won(200)).expect_err("too often").0, "won_at");
    }

    fn any_periods() -> impl Strategy<Value = Periods> {
        (proptest::collection::vec(0_i64..30, 0..6), any::<bool>()).prop_map(|(mut days, open)| {
            days.sort_unstable();
            let mut periods: Vec<Period> = days
                .chunks(2)
                .filter(|pair| pair.len() == 2)
                .map(|pair| Period {
                    won_at: at(pair[0]),
                    left_at: Some(at(pair[1])),
                })
                .collect();
            if let (true, Some(last)) = (open, periods.last_mut()) {
                last.left_at = None;
            }
            Periods(periods)
        })
    }

    fn there(periods: &Periods, day: i64) -> bool {
        periods
            .0
            .iter()
            .any(|one| one.won_at <= at(day) && one.left_at.is_none_or(|left| at(day) < left))
    }

    proptest! {
        /// Together they were there when one of them was, whichever is named first, and what comes out is in order.
        #[test]
        fn a_union_is_there_when_one_of_them_was(one in any_periods(), two in any_periods()) {
            let both = one.union(&two);
            prop_assert_eq!(&both, &two.union(&one));
            for day in 0..31 {
                prop_assert_eq!(there(&both, day), there(&one, day) || there(&two, day), "day {}", day);
            }
            for pair in both.0.windows(2) {
                prop_assert!(pair[0].left_at.is_some_and(|left| left < pair[1].won_at));
            }
        }
    }
}
