//! Fact by fact and all at once give the same answers.

use proptest::prelude::*;

use super::oracle::{goals, hours, what};
use super::*;
use crate::judge::judge;
use crate::target::Target;
use crate::tracker::{Promise, Tracker};

/// Follows `facts` in their order and gives every target there ever was, as it stands at `now`.
fn followed(terms: &Terms, facts: &[Fact], now: DateTime<Utc>) -> Vec<Target> {
    let mut tracker = Tracker::new(terms, at(0));
    let mut replaced: Vec<Promise> = Vec::new();
    for fact in facts {
        replaced.extend(tracker.apply(terms, *fact).expect("in order"));
        // What is stored and read again goes on the same way.
        let json = serde_json::to_string(&tracker).expect("JSON");
        let back: Tracker = serde_json::from_str(&json).expect("a tracker");
        assert_eq!(back, tracker);
        tracker = back;
    }
    let mut targets: Vec<Target> = replaced
        .iter()
        .chain(tracker.promises())
        .map(|promise| tracker.target(terms, promise, now))
        .collect();
    targets.sort_by_key(|target| target.turn);
    targets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn following_and_judging_agree(
        goals in goals(200),
        hours in hours(),
        facts in proptest::collection::vec((0..400i64, what()), 0..14),
        later in 0..200i64,
    ) {
        let terms = Terms::new(goals, hours);
        let given: Vec<Fact> = facts.iter().map(|(second, what)| Fact::new(at(*second), *what)).collect();
        let mut sorted = given.clone();
        sorted.sort_by_key(|fact| fact.at);
        let last = sorted.last().map_or(0, |fact| (fact.at - at(0)).num_seconds());
        let now = at(last + later);
        let judged = judge(&terms, at(0), &given, now);
        prop_assert_eq!(&followed(&terms, &sorted, now), &judged);
        // In whatever order they are given.
        let tracker = Tracker::of(&terms, at(0), &given);
        for promise in tracker.promises() {
            let target = tracker.target(&terms, promise, now);
            prop_assert!(judged.contains(&target), "{:?} is none of {:?}", target, judged);
        }
        // What is late is refused and changes nothing.
        if let Some(early) = sorted.first().filter(|fact| fact.at > at(0)) {
            let mut followed = tracker.clone();
            prop_assert!(followed.apply(&terms, wrote(early.at - chrono::TimeDelta::microseconds(1))).is_err());
            prop_assert_eq!(followed, tracker);
        }
    }
}
