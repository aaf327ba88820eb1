use proptest::prelude::*;

use super::*;

const WAITS: Option<&str> = Some("waits");
const PARTS: Option<&str> = Some("parts");

fn stands(state: State, sub_state: Option<&str>) -> Standing<'_> {
    Standing { state, sub_state }
}

#[test]
fn names_are_read_back() {
    for state in State::ALL {
        assert_eq!(state.as_str().parse::<State>().expect("own name"), state);
    }
    assert!("open".parse::<State>().is_err());
}

#[test]
fn a_customers_message_wakes_everything_but_a_closed_ticket() {
    let woken = |state: State| {
        state
            .alone()
            .after(Trigger::CustomerWrote)
            .ok()
            .map(|after| after.state)
    };
    assert_eq!(woken(State::New), Some(State::New));
    assert_eq!(woken(State::Pending), Some(State::Open));
    assert_eq!(woken(State::OnHold), Some(State::Open));
    assert_eq!(woken(State::Solved), Some(State::Open));
    assert_eq!(woken(State::Closed), None);
}

#[test]
fn a_solved_ticket_is_assigned_only_after_a_reopen() {
    let error = State::Solved.alone().after(Trigger::Assigned).expect_err("refused");
    assert_eq!(error.reason(), "TICKET_SOLVED");
    let reopen = Trigger::Become(State::Open.alone());
    let open = State::Solved.alone().after(reopen).expect("reopens");
    assert_eq!(open.after(Trigger::Assigned).expect("allowed"), State::Open.alone());
}

#[test]
fn a_refused_verb_says_from_where_to_where() {
    let reopen = Trigger::Become(State::Open.alone());
    let error = State::Closed.alone().after(reopen).expect_err("closed is final");
    assert_eq!(error.reason(), "TRANSITION_NOT_ALLOWED");
    assert_eq!(
        error.metadata(),
        [("from", "CLOSED".to_owned()), ("to", "OPEN".to_owned())]
    );
}

#[test]
fn a_sub_state_goes_with_its_state() {
    use State::{Closed, New, OnHold, Open, Pending, Solved};
    use Trigger::{AgentReplied, Assigned, Become, CustomerWrote, Noted};
    for (before, trigger, after) in [
        (stands(Pending, WAITS), CustomerWrote, Some(Open.alone())),
        (stands(Open, WAITS), CustomerWrote, Some(stands(Open, WAITS))),
        (stands(Open, WAITS), AgentReplied, Some(stands(Open, WAITS))),
        (stands(Pending, WAITS), Noted, Some(stands(Pending, WAITS))),
        (stands(OnHold, PARTS), Assigned, Some(stands(OnHold, PARTS))),
        (New.alone(), Become(stands(OnHold, PARTS)), Some(stands(OnHold, PARTS))),
        (
            stands(OnHold, PARTS),
            Become(stands(OnHold, WAITS)),
            Some(stands(OnHold, WAITS)),
        ),
        (stands(OnHold, PARTS), Become(OnHold.alone()), Some(OnHold.alone())),
        (stands(OnHold, PARTS), Become(Solved.alone()), Some(Solved.alone())),
        (
            Solved.alone(),
            Become(stands(Closed, WAITS)),
            Some(stands(Closed, WAITS)),
        ),
        (
            stands(Closed, WAITS),
            Become(Closed.alone()),
            Some(stands(Closed, WAITS)),
        ),
        (
            stands(Closed, WAITS),
            Become(stands(Closed, WAITS)),
            Some(stands(Closed, WAITS)),
        ),
        (stands(Closed, WAITS), Become(stands(Closed, PARTS)), None),
        (Closed.alone(), Become(stands(Closed, PARTS)), None),
        (New.alone(), Become(stands(New, PARTS)), None),
    ] {
        assert_eq!(before.after(trigger).ok(), after, "{before:?} {trigger:?}");
    }
}

fn trigger() -> impl Strategy<Value = Trigger<'static>> {
    let sub_state = proptest::sample::select(vec![None, WAITS, PARTS]);
    prop_oneof![
        Just(Trigger::CustomerWrote),
        Just(Trigger::AgentReplied),
        Just(Trigger::Noted),
        Just(Trigger::Assigned),
        (proptest::sample::select(State::ALL.to_vec()), sub_state)
            .prop_map(|(state, sub_state)| Trigger::Become(Standing { state, sub_state })),
    ]
}

proptest! {
    /// Whatever happens in whatever order: closed stays closed as it was, NEW is never come back to, only a verb solves or
    /// closes, only a verb or the customer reopens, only a verb gives a sub-state, none outlives its state, and every
    /// trigger is idempotent.
    #[test]
    fn every_walk_keeps_the_rules(walk in proptest::collection::vec(trigger(), 0..40)) {
        let mut stands = State::New.alone();
        let mut left_new = false;
        for trigger in walk {
            let state = stands.state;
            let Ok(next) = stands.after(trigger) else {
                let to_new = matches!(trigger, Trigger::Become(wanted) if wanted.state == State::New);
                prop_assert!(matches!(state, State::Solved | State::Closed) || to_new);
                continue;
            };
            if state == State::Closed {
                prop_assert_eq!(next, stands);
            }
            if left_new {
                prop_assert_ne!(next.state, State::New);
            }
            if matches!(next.state, State::Solved | State::Closed) && next.state != state {
                prop_assert_eq!(trigger, Trigger::Become(next));
            }
            if state == State::Solved && next.state != State::Solved {
                prop_assert!(matches!(trigger, Trigger::Become(_) | Trigger::CustomerWrote));
            }
            if next.sub_state.is_some() && next != stands {
                prop_assert_eq!(trigger, Trigger::Become(next));
            }
            if next.state != state && !matches!(trigger, Trigger::Become(_)) {
                prop_assert_eq!(next.sub_state, None);
            }
            if let Ok(again) = next.after(trigger) {
                prop_assert_eq!(again, next);
            }
            left_new |= next.state != State::New;
            stands = next;
        }
    }
}
