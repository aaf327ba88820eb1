use crate::state::State;
use crate::ticket::tests::{ANNA, at, contact, opened, reply};

use super::*;

#[test]
fn what_is_set_aside_leaves_its_queue_and_waits_anew_when_restored() {
    let mut ticket = opened();
    let changes = ticket.dispose(Disposition::Spam, at(1)).expect("its own");
    assert_eq!(changes, [Change::DispositionChanged(Disposition::Normal)]);
    assert_eq!(ticket.queue_entered_at, None);
    assert!(
        ticket.dispose(Disposition::Spam, at(2)).expect("its own").is_empty(),
        "once"
    );
    let refused = [
        ticket.change_state(State::Solved, at(3)),
        ticket.assign(Some(ANNA), None, at(3)),
        reply(&mut ticket, None, 3),
    ];
    for error in refused {
        assert_eq!(error.expect_err("set aside").reason(), "TICKET_SET_ASIDE");
    }
    assert_eq!(
        ticket
            .accept(ANNA, 1, at(3), at(3))
            .expect_err("no offer holds")
            .reason(),
        "GENERATION_CHANGED"
    );
    contact(&mut ticket, 4);
    assert_eq!(
        (ticket.message_count, ticket.queue_entered_at),
        (1, None),
        "added, and wakes nobody"
    );
    let changes = ticket.dispose(Disposition::Normal, at(5)).expect("its own");
    assert_eq!(changes, [Change::DispositionChanged(Disposition::Spam), Change::Queued]);
    assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(5)), 2));
}

#[test]
fn a_closed_ticket_can_still_turn_out_to_be_spam() {
    let mut ticket = opened();
    ticket.change_state(State::Closed, at(1)).expect("closes");
    let changes = ticket.dispose(Disposition::Spam, at(2)).expect("its own");
    assert_eq!(changes, [Change::DispositionChanged(Disposition::Normal)]);
    assert_eq!(ticket.state, State::Closed);
}
