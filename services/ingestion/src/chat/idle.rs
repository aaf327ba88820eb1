//! When a customer who waits and says nothing has left. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// When nothing else is wanted.
pub const AFTER: TimeDelta = TimeDelta::minutes(10);
/// The shortest that may be wanted.
pub const SHORTEST: TimeDelta = TimeDelta::minutes(2);
/// The longest.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How long before it they are asked; half of the whole, if that is less than twice this.
const NOTICE: TimeDelta = TimeDelta::minutes(2);

/// What is known of a customer's presence.
#[derive(Debug, Clone)]
pub struct Idle {
    after: TimeDelta,
    /// Their last sign of life.
    alive_at: DateTime<Utc>,
    /// Since when they wait; nobody leaves a queue before they came to it.
    waits_since: Option<DateTime<Utc>>,
    /// They were told that they will have left at this time.
    leaves_at: Option<DateTime<Utc>>,
}

/// What is to be said to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing.
    Nothing,
    /// That they will have left at this time.
    Leaves(DateTime<Utc>),
    /// That they have left, since then.
    Left(DateTime<Utc>),
}

impl Idle {
    /// Somebody is there at `now`, and has left after `after` without a sign of life.
    pub fn new(after: TimeDelta, now: DateTime<Utc>) -> Self {
        Self {
            after: after.clamp(SHORTEST, LONGEST),
            alive_at: now,
            waits_since: None,
            leaves_at: None,
        }
    }

    /// A sign of life.
    pub fn alive(&mut self, now: DateTime<Utc>) {
        self.alive_at = self.alive_at.max(now);
        self.leaves_at = None;
    }

    /// They wait from now on, unless they did before.
    pub fn waits(&mut self, now: DateTime<Utc>) {
        self.waits_since.get_or_insert(now);
    }

    /// What is to be said now; `waits`: whether they wait. Nobody has left who was not told before that they will have.
    pub fn look(&mut self, waits: bool, now: DateTime<Utc>) -> Word {
        if !waits {
            (self.waits_since, self.leaves_at) = (None, None);
            return Word::Nothing;
        }
        let since = self.alive_at.max(*self.waits_since.get_or_insert(now));
        let notice = NOTICE.min(self.after / 2);
        match self.leaves_at {
            Some(leaves_at) if now >= leaves_at => {
                self.leaves_at = None;
                Word::Left(since)
            }
            Some(_) => Word::Nothing,
            None if now >= since + self.after - notice => {
                // However late we look, they have the whole of it.
                let leaves_at = (since + self.after).max(now + notice);
                self.leaves_at = Some(leaves_at);
                Word::Leaves(leaves_at)
            }
            None => Word::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
    }

    fn minutes(minutes: i64) -> DateTime<Utc> {
        at(minutes * 60)
    }

    #[test]
    fn who_says_nothing_is_asked_and_has_left_then() {
        let mut idle = Idle::new(AFTER, at(0));
        assert_eq!(idle.look(true, minutes(7)), Word::Nothing, "waits from here on");
        assert_eq!(idle.look(true, minutes(14)), Word::Nothing);
        assert_eq!(idle.look(true, minutes(15)), Word::Leaves(minutes(17)));
        assert_eq!(idle.look(true, minutes(16)), Word::Nothing, "asked once");
        assert_eq!(idle.look(true, minutes(17)), Word::Left(minutes(7)));
    }

    #[test]
    fn a_sign_of_life_is_enough() {
        let mut idle = Idle::new(AFTER, at(0));
        idle.look(true, at(0));
        assert_eq!(idle.look(true, minutes(8)), Word::Leaves(minutes(10)));
        idle.alive(minutes(9));
        assert_eq!(idle.look(true, minutes(10)), Word::Nothing);
        assert_eq!(idle.look(true, minutes(17)), Word::Leaves(minutes(19)));
        assert_eq!(idle.look(true, minutes(30)), Word::Left(minutes(9)), "as of then");
    }

    #[test]
    fn who_is_served_is_not_idle_and_waits_anew_after_it() {
        let mut idle = Idle::new(AFTER, at(0));
        idle.look(true, at(0));
        assert_eq!(idle.look(false, minutes(60)), Word::Nothing);
        assert_eq!(idle.look(true, minutes(70)), Word::Nothing, "given back");
        assert_eq!(idle.look(true, minutes(78)), Word::Leaves(minutes(80)));
        assert_eq!(
            idle.look(true, minutes(80)),
            Word::Left(minutes(70)),
            "not before they waited"
        );
    }

    #[test]
    fn the_shortest_leaves_half_of_it_to_answer() {
        let mut idle = Idle::new(TimeDelta::zero(), at(0));
        idle.look(true, at(0));
        assert_eq!(idle.look(true, at(59)), Word::Nothing);
        assert_eq!(idle.look(true, at(60)), Word::Leaves(at(120)));
    }

    proptest! {
        #[test]
        fn nobody_leaves_unwarned(steps in proptest::collection::vec((0..600_i64, 0..4_u8), 1..80)) {
            let mut idle = Idle::new(AFTER, at(0));
            let (mut now, mut last_sign, mut warned) = (at(0), at(0), None);
            for (seconds, what) in steps {
                now += TimeDelta::seconds(seconds);
                if what == 0 {
                    idle.alive(now);
                    (last_sign, warned) = (now, None);
                }
                match idle.look(what != 1, now) {
                    Word::Nothing => {}
                    Word::Leaves(leaves_at) => {
                        prop_assert!(leaves_at >= now + NOTICE);
                        warned = Some(leaves_at);
                    }
                    Word::Left(since) => {
                        prop_assert!(warned.is_some_and(|leaves_at| leaves_at <= now));
                        prop_assert!(since >= last_sign && since + AFTER <= now);
                        warned = None;
                    }
                }
                if what == 1 {
                    warned = None;
                }
            }
        }
    }
}
