use vorrang_queue::Operation;

use super::*;
use crate::policy::Policy;
use crate::project::operation;

const ID: &str = "0197a000-0000-7000-8000-000000000001";

fn waiting() -> pb::Ticket {
    pb::Ticket {
        name: format!("tickets/{ID}"),
        number: 1,
        state: pb::ticket::State::New.into(),
        queue: "default".to_owned(),
        queue_entered_at: Some(prost_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        generation: 1,
        ..pb::Ticket::default()
    }
}

fn of(payload: &pb::event::Payload) -> Option<Operation> {
    let news = ticket_news(payload)?;
    assert!(news.accepted.is_none());
    Some(operation(&Policy::builtin(), 7, &news.ticket, false, ""))
}

/// A source leaves its queue with a generation that voids every offer of it, and takes nobody's slot, whoever has it.
#[test]
fn a_merged_ticket_leaves_its_queue_and_takes_no_slot() {
    for assignee in ["", "agents/anna"] {
        let merged = pb::TicketMerged {
            ticket: Some(pb::Ticket {
                merged_into: "tickets/0197a000-0000-7000-8000-000000000002".to_owned(),
                assignee: assignee.to_owned(),
                queue_entered_at: None,
                generation: 2,
                ..waiting()
            }),
            target: None,
        };
        match of(&pb::event::Payload::TicketMerged(merged)) {
            Some(Operation::Leave {
                ticket,
                generation,
                agent,
                slot,
                ..
            }) => assert_eq!((ticket.as_str(), generation, agent, slot), (ID, 2, None, None)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_unmerged_ticket_waits_again_since_when_it_had_waited() {
    let unmerged = pb::TicketUnmerged {
        ticket: Some(pb::Ticket {
            generation: 3,
            ..waiting()
        }),
        ..pb::TicketUnmerged::default()
    };
    match of(&pb::event::Payload::TicketUnmerged(unmerged)) {
        Some(Operation::Wait {
            ticket,
            generation,
            waiting,
            ..
        }) => {
            assert_eq!((ticket.as_str(), generation), (ID, 3));
            assert_eq!(waiting.place.arrival_us, 1_700_000_000_000_000);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn splits_and_links_move_nobody() {
    let ticket = Some(waiting());
    let split = pb::TicketSplit {
        ticket: ticket.clone(),
        new_ticket: ticket.clone(),
        messages: Vec::new(),
    };
    let linked = pb::TicketLinked {
        ticket,
        ..pb::TicketLinked::default()
    };
    assert!(of(&pb::event::Payload::TicketSplit(split)).is_none());
    assert!(of(&pb::event::Payload::TicketLinked(linked)).is_none());
}

#[test]
fn what_is_marked_as_spam_is_nobodys_to_act_on() {
    use pb::ticket::{Disposition, State};
    let ticket = pb::Ticket {
        state: State::Open.into(),
        assignee: "agents/anna".to_owned(),
        queue_entered_at: None,
        ..waiting()
    };
    let open = |disposition: Disposition| {
        let ticket = pb::Ticket {
            disposition: disposition.into(),
            ..ticket.clone()
        };
        let event = pb::TicketDispositionChanged {
            ticket: Some(ticket),
            ..pb::TicketDispositionChanged::default()
        };
        let news = ticket_news(&pb::event::Payload::TicketDispositionChanged(event)).expect("matters to the queues");
        news.ticket.open
    };
    assert!(!open(Disposition::Spam) && !open(Disposition::Deleted));
    assert!(open(Disposition::Normal));
    assert!(
        queued(&ticket).expect("a ticket of before").open,
        "said nothing: it counts"
    );
}
