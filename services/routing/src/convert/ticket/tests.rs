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

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

fn target(status: pb::sla_target::Status, due: i64, ended: Option<i64>) -> pb::SlaTarget {
    pb::SlaTarget {
        status: status.into(),
        due_at: at(due),
        ended_at: ended.and_then(at),
        ..pb::SlaTarget::default()
    }
}

/// A promise brings a contact forward, also when it was missed and somebody still waits; one that is kept, or not owed
/// any more, does not. What somebody set can bring it forward further, and never puts a promise off.
#[test]
fn the_earliest_that_is_waited_for_is_the_due_time() {
    use pb::sla_target::Status;
    let due = |set: Option<i64>, sla_targets: Vec<pb::SlaTarget>| {
        let due_at = set.and_then(at);
        let ticket = pb::Ticket {
            due_at,
            sla_targets,
            ..waiting()
        };
        queued(&ticket)?.due_at.map(|due| due.timestamp())
    };
    let resolution = target(Status::Running, 90, None);
    let both = |first: pb::SlaTarget| vec![first, resolution];
    assert_eq!(due(None, vec![]), None);
    assert_eq!(due(Some(50), vec![]), Some(50));
    assert_eq!(due(None, both(target(Status::Running, 20, None))), Some(20));
    assert_eq!(due(Some(50), both(target(Status::Running, 20, None))), Some(20));
    assert_eq!(due(Some(10), both(target(Status::Running, 20, None))), Some(10));
    assert_eq!(due(None, both(target(Status::Missed, 20, None))), Some(20));
    assert_eq!(due(None, both(target(Status::Missed, 20, Some(30)))), Some(90));
    assert_eq!(due(None, both(target(Status::Met, 20, Some(15)))), Some(90));
    assert_eq!(due(None, vec![target(Status::Cancelled, 20, None)]), None);
}

/// What is told of promises puts a waiting contact in its new place.
#[test]
fn a_recalculated_ticket_moves() {
    let recalculated = pb::SlaRecalculated {
        ticket: Some(pb::Ticket {
            sla_targets: vec![target(pb::sla_target::Status::Running, 1_700_000_060, None)],
            ..waiting()
        }),
        ..pb::SlaRecalculated::default()
    };
    match of(&pb::event::Payload::SlaRecalculated(recalculated)) {
        Some(Operation::Wait { waiting, .. }) => assert_eq!(waiting.place.due_ms, 1_700_000_060_000),
        other => panic!("{other:?}"),
    }
}

/// At risk is what was told to be, or missed, while somebody still waits; it moves up at once, by the event as by the list.
#[test]
fn what_is_at_risk_moves_up() {
    use pb::sla_target::Status;
    let with = |target| pb::Ticket {
        sla_targets: vec![target],
        ..waiting()
    };
    let risky = |target| queued(&with(target)).expect("a ticket").sla_at_risk;
    let warned = |status, ended| pb::SlaTarget {
        at_risk: true,
        ..target(status, 1_700_000_060, ended)
    };
    assert!(!risky(target(Status::Running, 1_700_000_060, None)));
    assert!(risky(warned(Status::Running, None)));
    assert!(
        risky(target(Status::Missed, 1_700_000_060, None)),
        "missed without a warning"
    );
    assert!(!risky(warned(Status::Missed, Some(1_700_000_090))), "answered, if late");
    assert!(!risky(warned(Status::Met, Some(1_700_000_050))));
    assert!(!risky(warned(Status::Paused, None)), "its clock stands still");
    assert!(!risky(warned(Status::Cancelled, None)));

    let event = |target: pb::SlaTarget| {
        pb::event::Payload::SlaTargetAtRisk(pb::SlaTargetAtRisk {
            ticket: Some(with(target)),
            target: Some(target),
        })
    };
    match of(&event(warned(Status::Running, None))) {
        Some(Operation::Wait { waiting, .. }) => assert_eq!(waiting.place.class, 3),
        other => panic!("{other:?}"),
    }
}

/// The past of another system waits for nobody, whatever its lines say.
#[test]
fn an_imported_history_is_no_news() {
    use pb::history_recorded::Line;
    for line in [
        Line::TicketOpened(pb::HistoryTicketOpened::default()),
        Line::QueueEntered(pb::HistoryQueueEntered::default()),
        Line::Assigned(pb::HistoryAssigned::default()),
        Line::Message(pb::HistoryMessage::default()),
    ] {
        let recorded = pb::HistoryRecorded {
            ticket: format!("tickets/{ID}"),
            line: Some(line),
            ..pb::HistoryRecorded::default()
        };
        assert!(ticket_news(&pb::event::Payload::HistoryRecorded(recorded)).is_none());
    }
}
