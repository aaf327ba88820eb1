//! How long a contact is expected to wait, from how fast its lane moved lately. Pure.
//!
//! Measured is for how long contacts were the head of their lane before an agent took them: while agents are free that is the time in which
//! they accept, while they are not it is the time between two acceptances. So a quiet hour does not make the wait look long. Whoever has `n` before them
//! waits for `n + 1` heads. What comes later and is more urgent is not foreseen.

use vorrang_queue::Pace;

/// Acceptances that count.
const SAMPLES_MAX: usize = 20;
/// Fewer say nothing.
const SAMPLES_MIN: usize = 3;
/// How long ago they may be, in milliseconds.
const AGE_MAX_MS: i64 = 3_600_000;
/// More is not said: nobody would believe it to the minute.
const EXPECTED_MAX_MS: i64 = 24 * 3_600_000;

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// How long it takes, in milliseconds; none: nobody can know.
    pub wait_ms: Option<i64>,
    /// On how many acceptances that rests.
    pub basis: usize,
}

/// The wait of a contact that has `before` contacts before it.
pub(crate) fn expected(before: u64, paces: &[Pace], now_ms: i64) -> Expected {
    let fresh = paces
        .iter()
        .rev()
        .filter(|pace| now_ms - pace.taken_at_ms <= AGE_MAX_MS);
    let stood: Vec<i64> = fresh.take(SAMPLES_MAX).map(|pace| pace.headed_ms.max(0)).collect();
    if stood.len() < SAMPLES_MIN {
        return Expected {
            wait_ms: None,
            basis: 0,
        };
    }
    let count = i64::try_from(stood.len()).unwrap_or(i64::MAX);
    let sum = stood.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
    let heads = i64::try_from(before).unwrap_or(i64::MAX).saturating_add(1);
    Expected {
        wait_ms: Some((sum / count).saturating_mul(heads).min(EXPECTED_MAX_MS)),
        basis: stood.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paces(headed_ms: &[i64]) -> Vec<Pace> {
        let paces = headed_ms.iter().enumerate();
        paces
            .map(|(at, headed_ms)| Pace {
                taken_at_ms: i64::try_from(at).expect("small"),
                headed_ms: *headed_ms,
            })
            .collect()
    }

    #[test]
    fn each_head_takes_as_long_as_those_before_did() {
        let paces = paces(&[30_000, 60_000, 90_000]);
        let wait = |before| expected(before, &paces, 1_000).wait_ms;
        assert_eq!(
            [wait(0), wait(1), wait(9)],
            [Some(60_000), Some(120_000), Some(600_000)]
        );
    }

    #[test]
    fn nothing_is_said_without_a_basis() {
        let unknown = Expected {
            wait_ms: None,
            basis: 0,
        };
        assert_eq!(expected(0, &paces(&[10, 20]), 100), unknown);
        assert_eq!(
            expected(0, &paces(&[10, 20, 30]), AGE_MAX_MS + 1_000),
            unknown,
            "an hour ago"
        );
    }

    #[test]
    fn only_the_last_ones_count() {
        let mut headed = vec![1_000_000; 30];
        headed.extend([10; SAMPLES_MAX]);
        let said = expected(0, &paces(&headed), 1_000);
        assert_eq!((said.wait_ms, said.basis), (Some(10), SAMPLES_MAX));
    }

    proptest! {
        #[test]
        fn it_never_falls_with_the_position(headed in prop::collection::vec(any::<i64>(), 3..30), before in any::<u64>()) {
            let paces = paces(&headed);
            let (near, far) = (expected(before, &paces, 0).wait_ms, expected(before.saturating_add(1), &paces, 0).wait_ms);
            prop_assert!(near <= far && near >= Some(0) && far <= Some(EXPECTED_MAX_MS));
        }
    }
}
