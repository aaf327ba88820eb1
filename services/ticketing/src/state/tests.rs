use proptest::prelude::*;

use super::*;

#[test]
fn names_are_read_back() {
    for state in State::ALL {
        assert_eq!(state.as_str().parse::<State>().expect("own name"), state);
    }
    assert!("open".parse::<State>().is_err());
}

#[test]
fn a_customers_message_wakes_everything_but_a_closed_ticket() {
    let woken = |state: State| state.after(Trigger::CustomerWrote).ok();
    assert_eq!(woken(State::New), Some(State::New));
    assert_eq!(woken(State::Pending), Some(State::Open));
    assert_eq!(woken(State::OnHold), Some(State::Open));
    assert_eq!(woken(State::Solved), Some(State::Open));
    assert_eq!(woken(State::Closed), None);
}

#[test]
fn a_solved_ticket_is_assigned_only_after_a_reopen() {
    let error = State::Solved.after(Trigger::Assigned).expect_err("refused");
    assert_eq!(error.reason(), "TICKET_SOLVED");
    let open = State::Solved.after(Trigger::Become(State::Open)).expect("reopens");
    assert_eq!(open.after(Trigger::Assigned).expect("allowed"), State::Open);
}

#[test]
fn a_refused_verb_says_from_where_to_where() {
    let error = State::Closed
        .after(Trigger::Become(State::Open))
        .expect_err("closed is final");
    assert_eq!(error.reason(), "TRANSITION_NOT_ALLOWED");
    assert_eq!(
        error.metadata(),
        [("from", "CLOSED".to_owned()), ("to", "OPEN".to_owned())]
    );
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        Just(Trigger::CustomerWrote),
        Just(Trigger::AgentReplied),
        Just(Trigger::Noted),
        Just(Trigger::Assigned),
        proptest::sample::select(State::ALL.to_vec()).prop_map(Trigger::Become),
    ]
}

proptest! {
    /// Whatever happens in whatever order: closed stays closed, NEW is never come back to, only a verb solves or closes,
    /// only a verb or the customer reopens, and every trigger is idempotent.
    #[test]
    fn every_walk_keeps_the_rules(walk in proptest::collection::vec(trigger(), 0..40)) {
        let mut state = State::New;
        let mut left_new = false;
        for trigger in walk {
            let Ok(next) = state.after(trigger) else {
                prop_assert!(matches!(state, State::Solved | State::Closed) || trigger == Trigger::Become(State::New));
                continue;
            };
            if state == State::Closed {
                prop_assert_eq!(next, State::Closed);
            }
            if left_new {
                prop_assert_ne!(next, State::New);
            }
            if matches!(next, State::Solved | State::Closed) && next != state {
                prop_assert_eq!(trigger, Trigger::Become(next));
            }
            if state == State::Solved && next != State::Solved {
                prop_assert!(matches!(trigger, Trigger::Become(_) | Trigger::CustomerWrote));
            }
            if let Ok(again) = next.after(trigger) {
                prop_assert_eq!(again, next);
            }
            left_new |= next != State::New;
            state = next;
        }
    }
}
