//! Customers who leave, and calls that a phone system distributes: the stays they make.

use vorrang_api::ticketing::v1::call_event::Kind;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::Handling;
use vorrang_api::ticketing::v1::ticket_assigned::Source;

use super::*;
use crate::rows::StayEnd;
use crate::view::View;

/// The stays of the one ticket after these events: seconds from entering, and how each ended.
fn stays(events: &[(i64, Payload)]) -> Vec<(i64, &'static str, i64)> {
    let mut facts = TenantFacts::default();
    let events: Vec<_> = (1..)
        .zip(events)
        .map(|(seq, (second, payload))| ticketing_event(seq, *second, payload.clone()))
        .collect();
    facts.apply(Owner::Ticketing, &events).expect("in order");
    let view = View::new(facts.facts(), 1_000_000 * SECOND);
    let mut found = Vec::new();
    for contact in view.contacts() {
        for stay in &contact.stays {
            let entered = stay.entered_at / SECOND;
            found.push(match stay.end {
                StayEnd::Accepted { at, .. } => (entered, "accepted", at / SECOND),
                StayEnd::Left { at, .. } => (entered, "left", at / SECOND),
                StayEnd::Waiting => (entered, "waits", 0),
            });
        }
    }
    found
}

fn ticket(handling: Handling, queue_entered_at: Option<i64>) -> Option<ticketing::Ticket> {
    Some(ticketing::Ticket {
        name: "tickets/t".to_owned(),
        customer: "customers/mara".to_owned(),
        channel: ticketing::Channel::Chat.into(),
        queue: "default".to_owned(),
        opened_at: time(100),
        queue_entered_at: queue_entered_at.and_then(time),
        handling: handling.into(),
        ..ticketing::Ticket::default()
    })
}

fn created(handling: Handling, queue_entered_at: Option<i64>) -> Payload {
    let ticket = ticket(handling, queue_entered_at);
    Payload::TicketCreated(ticketing::TicketCreated { ticket })
}

fn queued(handling: Handling, at: i64) -> Payload {
    let ticket = ticket(handling, Some(at));
    Payload::TicketQueued(ticketing::TicketQueued { ticket })
}

fn left(at: i64) -> Payload {
    Payload::TicketQueueLeft(ticketing::TicketQueueLeft {
        ticket: ticket(Handling::Asynchronous, Some(at)),
        queue_entered_at: time(100),
        left_at: time(at),
    })
}

fn assigned(handling: Handling, entered: i64, at: i64, source: Source) -> Payload {
    Payload::TicketAssigned(ticketing::TicketAssigned {
        ticket: ticket(handling, None),
        source: source.into(),
        queue_entered_at: time(entered),
        accepted_at: time(at),
        ..ticketing::TicketAssigned::default()
    })
}

#[test]
fn who_left_is_one_stay_whatever_becomes_of_the_work() {
    let gone = [
        (100, created(Handling::ByChannel, Some(100))),
        (104, left(104)),
        (104, queued(Handling::Asynchronous, 104)),
        (5_000, assigned(Handling::Asynchronous, 104, 5_000, Source::Routing)),
    ];
    assert_eq!(stays(&gone), [(100, "left", 104)], "4 s: a short abandon");
    let back = [
        (100, created(Handling::ByChannel, Some(100))),
        (150, left(150)),
        (150, queued(Handling::Asynchronous, 150)),
        (200, queued(Handling::ByChannel, 200)),
        (230, assigned(Handling::ByChannel, 200, 230, Source::Routing)),
    ];
    assert_eq!(stays(&back), [(100, "left", 150), (200, "accepted", 230)]);
}

#[test]
fn a_move_after_the_customer_had_left_begins_no_stay() {
    let moved = |at: i64| {
        let mut moved = ticket(Handling::ByChannel, Some(100)).expect("a ticket");
        moved.queue = "billing".to_owned();
        (
            at,
            Payload::TicketQueued(ticketing::TicketQueued { ticket: Some(moved) }),
        )
    };
    // They left at 150, which is known at 330; in between somebody moved them.
    let gone = [
        (100, created(Handling::ByChannel, Some(100))),
        moved(200),
        (150, left(150)),
        (330, queued(Handling::Asynchronous, 330)),
    ];
    assert_eq!(stays(&gone), [(100, "left", 150)]);
    let waits = [(100, created(Handling::ByChannel, Some(100))), moved(200)];
    assert_eq!(stays(&waits), [(100, "waits", 0)]);
}

#[test]
fn what_is_written_while_nobody_is_there_stands_in_no_queue() {
    let night = [
        (100, created(Handling::Asynchronous, Some(100))),
        (9_000, assigned(Handling::Asynchronous, 100, 9_000, Source::Routing)),
    ];
    assert_eq!(stays(&night), []);
}

fn call(kind: Kind, at: i64, agent: &str) -> (i64, Payload) {
    let event = ticketing::CallEvent {
        kind: kind.into(),
        occurred_at: time(at),
        agent: agent.to_owned(),
        ..ticketing::CallEvent::default()
    };
    let recorded = ticketing::CallEventRecorded {
        ticket: ticket(Handling::External, None),
        call_event: Some(event),
    };
    (at, Payload::CallEventRecorded(recorded))
}

#[test]
fn calls_are_measured_by_the_phone_systems_times_in_whatever_order_they_are_told() {
    let events = [
        call(Kind::Queued, 100, ""),
        call(Kind::Answered, 120, "agents/anna"),
        call(Kind::HoldBegan, 130, "agents/anna"),
        call(Kind::HoldEnded, 140, "agents/anna"),
        call(Kind::Queued, 150, ""),
        call(Kind::Answered, 180, "agents/ben"),
        call(Kind::HungUp, 200, ""),
    ];
    for order in [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [1, 6, 0, 5, 3, 4, 2]] {
        let mut told = vec![(90, created(Handling::External, None))];
        for index in order {
            told.push(events[index].clone());
            if index == 1 {
                told.push((190, assigned(Handling::Asynchronous, 185, 190, Source::Call)));
            }
        }
        assert_eq!(stays(&told), [(100, "accepted", 120), (150, "accepted", 180)]);
    }
    let abandoned = [
        (90, created(Handling::External, None)),
        call(Kind::HungUp, 130, ""),
        call(Kind::Queued, 100, ""),
    ];
    assert_eq!(stays(&abandoned), [(100, "left", 130)]);
}
