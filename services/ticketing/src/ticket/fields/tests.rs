use crate::ticket::Change;
use crate::ticket::tests::{at, opened};

use super::*;

#[test]
fn a_sub_state_comes_and_goes_with_its_state() {
    let mut ticket = opened();
    let parts = Wanted {
        sub_state: Some("parts".to_owned()),
        ..Wanted::from(State::OnHold)
    };
    let changes = ticket.change_state(parts.clone(), at(1)).expect("waits for parts");
    assert_eq!(changes, [Change::StateChanged(State::New)]);
    assert_eq!(ticket.sub_state.as_deref(), Some("parts"));
    assert!(ticket.change_state(parts, at(2)).expect("already").is_empty());
    let changes = ticket.change_state(State::OnHold, at(3)).expect("no more");
    assert_eq!(changes, [Change::Updated(vec!["sub_state"])]);
    assert_eq!((ticket.state, ticket.sub_state), (State::OnHold, None));
}

#[test]
fn a_ticket_is_solved_with_what_it_must_have() {
    let mut ticket = opened();
    let solve = Wanted {
        required: vec!["size".to_owned()],
        ..Wanted::from(State::Solved)
    };
    let before = ticket.clone();
    let error = ticket.change_state(solve.clone(), at(1)).expect_err("no size");
    assert_eq!(error.reason(), "REQUIRED_FIELDS_MISSING");
    assert_eq!(ticket, before);
    ticket
        .change_state(State::Closed, at(1))
        .expect("closing unsolved asks for nothing");
    let mut ticket = before;
    let size = crate::custom::CustomValue::Choice("large".to_owned());
    ticket.custom_fields.insert("size".to_owned(), size);
    ticket.change_state(solve, at(1)).expect("solves");
}
