//! Merges and splits: what moves between tickets, and what is undone.

use chrono_tz::Tz;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::message::Visibility;
use vorrang_api::ticketing::v1::ticket::State;

use super::*;
use crate::dimensions::Dimension;
use crate::kpis::{self, Clock};
use crate::query::{self, Answer, Query, Row};
use crate::view::View;

/// Two tickets of one customer and what an agent does with them.
#[derive(Default)]
pub(super) struct Desk {
    pub facts: TenantFacts,
}

impl Desk {
    pub fn happened(&mut self, second: i64, payload: Payload) {
        let seq = self.facts.position(Owner::Ticketing).seq + 1;
        let event = ticketing::Event {
            cause: None,
            head: Some(head(seq, second, None)),
            payload: Some(payload),
        };
        self.facts.apply(Owner::Ticketing, &[event]).expect("in order");
    }

    pub fn opened(&mut self, name: &str, second: i64) {
        let ticket = Some(ticketing::Ticket {
            opened_at: time(second),
            ..ticket(name)
        });
        self.happened(second, Payload::TicketCreated(ticketing::TicketCreated { ticket }));
    }

    pub fn wrote(&mut self, name: &str, second: i64, actor: Actor) {
        let message = Some(ticketing::Message {
            actor: Some(actor),
            occurred_at: time(second),
            visibility: Visibility::Public.into(),
            ..ticketing::Message::default()
        });
        let ticket = Some(ticket(name));
        self.happened(
            second,
            Payload::MessageCreated(ticketing::MessageCreated { ticket, message }),
        );
    }

    /// Value and number of what was counted.
    pub fn value(&self, id: &str) -> (Option<f64>, u64) {
        let total = self.answer(id, &[], 1_000_000).total;
        (total.value, total.count)
    }

    /// Value and number of what was counted and what is open, as it read at `second`.
    pub fn at(&self, id: &str, second: i64) -> (Option<f64>, u64, u64) {
        let total = self.answer(id, &[], second).total;
        (total.value, total.count, total.open)
    }

    /// How many there are of each customer; of nobody known: `-`.
    pub fn by_customer(&self, id: &str) -> Vec<(String, u64)> {
        let rows = self.answer(id, &[Dimension::Customer], 1_000_000).rows;
        let name = |key: &Option<String>| key.clone().unwrap_or_else(|| "-".to_owned());
        rows.iter().map(|row| (name(&row.key[0]), row.figures.count)).collect()
    }

    /// How many there are of each tier.
    pub fn by_tier(&self, id: &str) -> Vec<(String, u64)> {
        let rows = self.answer(id, &[Dimension::Tier], 1_000_000).rows;
        let count = |row: &Row| (row.key[0].clone().unwrap_or_default(), row.figures.count);
        rows.iter().map(count).collect()
    }

    fn answer(&self, id: &str, by: &[Dimension], as_of: i64) -> Answer {
        let kpi = kpis::find(id).expect("served");
        let query = Query {
            kpi,
            variant: kpi.variant("").expect("the default"),
            clock: Clock::Elapsed,
            from: 0,
            to: 1_000_000 * SECOND,
            zone: Tz::UTC,
            grain: None,
            by,
            filters: &[],
        };
        query::run(&View::new(self.facts.facts(), as_of * SECOND), &query)
    }
}

pub(super) fn ticket(name: &str) -> ticketing::Ticket {
    ticketing::Ticket {
        name: name.to_owned(),
        customer: "customers/mara".to_owned(),
        ..ticketing::Ticket::default()
    }
}

pub(super) fn customer() -> Actor {
    Actor {
        kind: actor::Kind::Customer.into(),
        id: "customers/mara".to_owned(),
    }
}

/// As in the worked case: a merge holds for the whole past, an undone one never happened.
#[test]
fn merges_are_followed_and_undone() {
    let mut desk = Desk::default();
    desk.opened("tickets/a", 0);
    desk.opened("tickets/b", 10);
    desk.wrote("tickets/b", 10, customer());
    let merged = ticketing::TicketMerged {
        ticket: Some(ticketing::Ticket {
            merged_into: "tickets/a".to_owned(),
            ..ticket("tickets/b")
        }),
        target: Some(ticket("tickets/a")),
    };
    desk.happened(20, Payload::TicketMerged(merged));
    desk.wrote("tickets/a", 40, agent("agents/ada"));
    assert_eq!(desk.value("tickets_created").0, Some(1.0));
    assert_eq!(
        desk.value("first_response_time").0,
        Some(30.0),
        "asked in the one, answered in the other"
    );
    let unmerged = ticketing::TicketUnmerged {
        ticket: Some(ticket("tickets/b")),
        target: Some(ticket("tickets/a")),
        merged_into: "tickets/a".to_owned(),
    };
    desk.happened(50, Payload::TicketUnmerged(unmerged));
    assert_eq!(desk.value("tickets_created").0, Some(2.0));
    assert_eq!(
        desk.value("first_response_time"),
        (None, 0),
        "that answer was not to this question"
    );
}

/// A moved message is the new ticket's from the beginning: the question in it is answered by what is written there.
#[test]
fn moved_messages_count_where_they_are() {
    let mut desk = Desk::default();
    desk.opened("tickets/a", 0);
    desk.wrote("tickets/a", 0, customer());
    desk.wrote("tickets/a", 10, customer());
    desk.wrote("tickets/a", 30, agent("agents/ada"));
    assert_eq!(desk.value("first_response_time"), (Some(30.0), 1));
    desk.opened("tickets/n", 10);
    let moved = ticketing::MovedMessage {
        actor: Some(customer()),
        visibility: Visibility::Public.into(),
        occurred_at: time(10),
        ..ticketing::MovedMessage::default()
    };
    let split = ticketing::TicketSplit {
        ticket: Some(ticket("tickets/a")),
        new_ticket: Some(ticket("tickets/n")),
        messages: vec![moved],
    };
    desk.happened(50, Payload::TicketSplit(split));
    assert_eq!(
        desk.value("first_response_time"),
        (Some(30.0), 1),
        "the new one has no answer yet"
    );
    desk.wrote("tickets/n", 100, agent("agents/ada"));
    assert_eq!(desk.value("first_response_time"), (Some(60.0), 2), "30 and 90 seconds");
    assert_eq!(desk.value("tickets_created").0, Some(2.0));
}

/// Whoever the customer is by then: a message is taken from the ticket it was in.
#[test]
fn messages_of_a_customer_who_was_merged_move_too() {
    let mut desk = Desk::default();
    desk.opened("tickets/a", 0);
    desk.wrote("tickets/a", 0, agent("agents/ada"));
    desk.wrote("tickets/a", 10, customer());
    desk.wrote("tickets/a", 30, agent("agents/ada"));
    desk.opened("tickets/n", 10);
    let moved = ticketing::MovedMessage {
        actor: Some(Actor {
            id: "customers/other".to_owned(),
            ..customer()
        }),
        visibility: Visibility::Public.into(),
        occurred_at: time(10),
        ..ticketing::MovedMessage::default()
    };
    let split = ticketing::TicketSplit {
        ticket: Some(ticket("tickets/a")),
        new_ticket: Some(ticket("tickets/n")),
        messages: vec![moved],
    };
    desk.happened(50, Payload::TicketSplit(split));
    assert_eq!(
        desk.value("first_response_time"),
        (None, 0),
        "nobody asked in the first any more, nobody answered the second"
    );
}

/// A contact about a closed ticket opens one of its own: both count, and neither answers for the other.
#[test]
fn follow_ups_and_links_are_tickets_of_their_own() {
    let mut desk = Desk::default();
    desk.opened("tickets/a", 0);
    desk.wrote("tickets/a", 0, customer());
    desk.wrote("tickets/a", 30, agent("agents/ada"));
    for (second, state) in [(40, State::Solved), (50, State::Closed)] {
        let ticket = Some(ticketing::Ticket {
            state: state.into(),
            ..ticket("tickets/a")
        });
        let changed = ticketing::TicketStateChanged {
            ticket,
            ..Default::default()
        };
        desk.happened(second, Payload::TicketStateChanged(changed));
    }
    let follow_up = ticketing::Ticket {
        follow_up_of: "tickets/a".to_owned(),
        opened_at: time(60),
        ..ticket("tickets/f")
    };
    let ticket_created = ticketing::TicketCreated {
        ticket: Some(follow_up),
    };
    desk.happened(60, Payload::TicketCreated(ticket_created));
    desk.wrote("tickets/f", 60, customer());
    let linked = ticketing::TicketLinked {
        ticket: Some(ticket("tickets/f")),
        other: Some(ticket("tickets/a")),
        ..Default::default()
    };
    desk.happened(70, Payload::TicketLinked(linked));
    assert_eq!(desk.value("tickets_created").0, Some(2.0));
    assert_eq!(desk.value("tickets_solved").0, Some(1.0), "the first stays solved");
    assert_eq!(desk.at("first_response_time", 1_000), (Some(30.0), 1, 1));
    assert_eq!(desk.at("full_resolution_time", 1_000), (Some(40.0), 1, 1));
}
