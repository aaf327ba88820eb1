//! When what was not taken is tried again, and when it is given up. Pure.

use chrono::TimeDelta;

/// Most attempts of a delivery.
pub const ATTEMPTS_MAX: i32 = 12;
/// The first pause is at most this long; each further one at most four times as long as the one before.
const FIRST: TimeDelta = TimeDelta::seconds(5);
const GROWTH: i32 = 4;
/// Longest pause. With it twelve attempts take up to four days, and two on average.
const LONGEST: TimeDelta = TimeDelta::days(1);
/// Shortest pause, however the dice fall.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A status, and how long the endpoint wants to be left alone.
    Answered(u16, Option<TimeDelta>),
    /// No answer, for a reason in a word.
    Failed(&'static str),
    /// Something of ours failed, the database as a rule: the endpoint had no part in it.
    Internal,
    /// There is nothing to send any more, for a reason in a word.
    Hopeless(&'static str),
}

impl Outcome {
    /// Whether it was taken.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Answered(200..300, _))
    }

    /// Whether the endpoint says that it is there no more.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Answered(410, _))
    }

    /// The HTTP status; 0: no answer.
    pub fn status(self) -> i32 {
        match self {
            Self::Answered(status, _) => i32::from(status),
            Self::Failed(_) | Self::Internal | Self::Hopeless(_) => 0,
        }
    }

    /// Why it failed, in a word; empty: it did not.
    pub fn error(self) -> &'static str {
        match self {
            Self::Answered(200..300, _) => "",
            Self::Answered(300..400, _) => "REDIRECT",
            Self::Answered(..) => "STATUS",
            Self::Failed(word) | Self::Hopeless(word) => word,
            Self::Internal => "INTERNAL",
        }
    }

    /// How long the endpoint wants to be left alone.
    pub fn retry_after(self) -> Option<TimeDelta> {
        match self {
            Self::Answered(_, wait) if !self.is_success() => wait,
            _ => None,
        }
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was taken.
    Done,
    /// It is tried again after this pause.
    Again(TimeDelta),
    /// It is given up.
    GiveUp,
}

/// What becomes of a delivery whose `attempts`th attempt came to `outcome`; `dice` is 0 to 1, at random. The pause is a random
/// part of one that grows (full jitter), so that what failed together is not tried together again; the endpoint may ask for
/// a longer one.
pub fn next(attempts: i32, outcome: Outcome, dice: f64) -> Next {
    match outcome {
        outcome if outcome.is_success() => Next::Done,
        Outcome::Hopeless(_) => Next::GiveUp,
        _ if attempts >= ATTEMPTS_MAX => Next::GiveUp,
        outcome => {
            let pause = part(longest_pause(attempts), dice).max(SHORTEST);
            Next::Again(pause.max(outcome.retry_after().unwrap_or(pause)).min(LONGEST))
        }
    }
}

/// The longest pause after the `attempts`th attempt.
fn longest_pause(attempts: i32) -> TimeDelta {
    (1..attempts.clamp(1, ATTEMPTS_MAX)).fold(FIRST, |pause, _| (pause * GROWTH).min(LONGEST))
}

fn part(whole: TimeDelta, dice: f64) -> TimeDelta {
    #[expect(clippy::cast_precision_loss, reason = "a pause of days to the millisecond")]
    let milliseconds = whole.num_milliseconds() as f64 * dice.clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most a day")]
    TimeDelta::milliseconds(milliseconds as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFUSED: Outcome = Outcome::Answered(500, None);

    #[test]
    fn pauses_grow_fourfold_up_to_a_day() {
        let seconds: Vec<i64> = (1..=12).map(|attempt| longest_pause(attempt).num_seconds()).collect();
        assert_eq!(
            seconds,
            [
                5, 20, 80, 320, 1_280, 5_120, 20_480, 81_920, 86_400, 86_400, 86_400, 86_400
            ]
        );
        // All pauses together: days, not minutes and not weeks.
        let total: TimeDelta = (1..ATTEMPTS_MAX).map(longest_pause).sum();
        assert!((TimeDelta::days(4)..TimeDelta::days(5)).contains(&total), "{total}");
    }

    #[test]
    fn what_becomes_of_a_delivery() {
        let again = |seconds: i64| Next::Again(TimeDelta::seconds(seconds));
        let wait = |seconds: i64| Some(TimeDelta::seconds(seconds));
        for (attempts, outcome, dice, expected) in [
            (1, Outcome::Answered(200, None), 0.5, Next::Done),
            (1, Outcome::Answered(204, wait(60)), 0.5, Next::Done),
            (12, Outcome::Answered(299, None), 0.5, Next::Done),
            (1, REFUSED, 1.0, again(5)),
            (2, REFUSED, 1.0, again(20)),
            (2, REFUSED, 0.5, again(10)),
            (1, REFUSED, 0.0, again(1)),
            (11, REFUSED, 1.0, again(86_400)),
            (12, REFUSED, 1.0, Next::GiveUp),
            (13, REFUSED, 1.0, Next::GiveUp),
            (1, Outcome::Answered(302, None), 1.0, again(5)),
            (1, Outcome::Answered(404, None), 1.0, again(5)),
            (1, Outcome::Answered(410, None), 1.0, again(5)),
            (1, Outcome::Answered(429, wait(120)), 1.0, again(120)),
            (3, Outcome::Answered(503, wait(10)), 1.0, again(80)),
            (3, Outcome::Answered(503, wait(999_999)), 1.0, again(86_400)),
            (1, Outcome::Failed("TIMEOUT"), 1.0, again(5)),
            (12, Outcome::Failed("TIMEOUT"), 1.0, Next::GiveUp),
            (2, Outcome::Internal, 1.0, again(20)),
            (1, Outcome::Hopeless("EVENT_GONE"), 1.0, Next::GiveUp),
        ] {
            assert_eq!(next(attempts, outcome, dice), expected, "{attempts} {outcome:?} {dice}");
        }
    }

    #[test]
    fn failures_have_words() {
        for (outcome, status, error) in [
            (Outcome::Answered(200, None), 200, ""),
            (Outcome::Answered(307, None), 307, "REDIRECT"),
            (Outcome::Answered(500, None), 500, "STATUS"),
            (Outcome::Answered(199, None), 199, "STATUS"),
            (Outcome::Failed("TIMEOUT"), 0, "TIMEOUT"),
            (Outcome::Internal, 0, "INTERNAL"),
            (Outcome::Hopeless("EVENT_GONE"), 0, "EVENT_GONE"),
        ] {
            assert_eq!((outcome.status(), outcome.error()), (status, error));
        }
        assert!(Outcome::Answered(410, None).is_gone() && !Outcome::Answered(404, None).is_gone());
    }

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(attempts in -5..50, status in 300u16..600, wait in proptest::option::of(0i64..10_000_000), dice in -1.0..2.0) {
            let outcome = Outcome::Answered(status, wait.map(TimeDelta::seconds));
            match next(attempts, outcome, dice) {
                Next::Again(pause) => {
                    prop_assert!(attempts < ATTEMPTS_MAX);
                    prop_assert!((SHORTEST..=LONGEST).contains(&pause));
                    let asked = TimeDelta::seconds(wait.unwrap_or(0)).min(LONGEST);
                    prop_assert!(pause >= asked && (pause <= longest_pause(attempts).max(asked).max(SHORTEST)));
                }
                Next::GiveUp => prop_assert!(attempts >= ATTEMPTS_MAX),
                Next::Done => prop_assert!(false, "nothing here is a success"),
            }
        }
    }
}
