//! Merges and splits: what moves between tickets, and what is undone.

use chrono_tz::Tz;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::message::Visibility;

use super::*;
use crate::kpis;
use crate::moment::Moment;
use crate::query::{self, Query};

/// Two tickets of one customer and what an agent does with them.
#[derive(Default)]
struct Desk {
    facts: TenantFacts,
}

impl Desk {
    fn happened(&mut self, second: i64, payload: Payload) {
        let seq = self.facts.position(Owner::Ticketing).seq + 1;
        let event = ticketing::Event {
            head: Some(head(seq, second, None)),
            payload: Some(payload),
        };
        self.facts.apply(Owner::Ticketing, &[event]).expect("in order");
    }

    fn opened(&mut self, name: &str, second: i64) {
        let ticket = Some(ticketing::Ticket {
            opened_at: time(second),
            ..ticket(name)
        });
        self.happened(second, Payload::TicketCreated(ticketing::TicketCreated { ticket }));
    }

    fn wrote(&mut self, name: &str, second: i64, actor: Actor) {
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
    fn value(&self, id: &str) -> (Option<f64>, u64) {
        let kpi = kpis::find(id).expect("served");
        let query = Query {
            kpi,
            variant: kpi.variant("").expect("the default"),
            from: 0,
            to: 1_000_000 * SECOND,
            zone: Tz::UTC,
            grain: None,
            by: &[],
            filters: &[],
        };
        let answer = query::run(&Moment::new(self.facts.facts(), 1_000_000 * SECOND), &query);
        (answer.total.value, answer.total.count)
    }
}

fn ticket(name: &str) -> ticketing::Ticket {
    ticketing::Ticket {
        name: name.to_owned(),
        customer: "customers/mara".to_owned(),
        ..ticketing::Ticket::default()
    }
}

fn customer() -> Actor {
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
