//! Customers who turn out to be one, and who are forgotten.

use vorrang_api::knowledge::v1 as knowledge;
use vorrang_api::ticketing::v1::event::Payload;

use super::relations::{Desk, ticket};
use super::*;

fn person(name: &str, tier: &str) -> ticketing::Customer {
    ticketing::Customer {
        name: name.to_owned(),
        tier: tier.to_owned(),
        ..ticketing::Customer::default()
    }
}

impl Desk {
    fn opened_by(&mut self, name: &str, customer: &str, second: i64) {
        let ticket = Some(ticketing::Ticket {
            customer: customer.to_owned(),
            opened_at: time(second),
            ..ticket(name)
        });
        self.happened(second, Payload::TicketCreated(ticketing::TicketCreated { ticket }));
    }

    fn merged(&mut self, source: &str, target: &str, second: i64) {
        let merged = ticketing::CustomersMerged {
            target: Some(person(target, "standard")),
            source: source.to_owned(),
            ..Default::default()
        };
        self.happened(second, Payload::CustomersMerged(merged));
    }

    fn unmerged(&mut self, source: &str, former: &str, second: i64) {
        let unmerged = ticketing::CustomersUnmerged {
            customer: Some(person(source, "standard")),
            former_target: former.to_owned(),
            ..Default::default()
        };
        self.happened(second, Payload::CustomersUnmerged(unmerged));
    }

    /// A visit of the help centre that helped.
    fn helped(&mut self, session: &str, customer: &str, second: i64) {
        let session = Some(knowledge::Session {
            name: session.to_owned(),
            customer: customer.to_owned(),
            ..Default::default()
        });
        let event = knowledge::Event {
            head: Some(head(self.facts.position(Owner::Knowledge).seq + 1, second, None)),
            payload: Some(knowledge::event::Payload::SessionSolved(knowledge::SessionSolved {
                session,
            })),
        };
        self.facts.apply(Owner::Knowledge, &[event]).expect("in order");
    }
}

fn counts(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

const ANN: &str = "customers/ann";
const BEN: &str = "customers/ben";
const CAI: &str = "customers/cai";

/// A merge in force holds for the whole past, an undone one never happened; merges chain.
#[test]
fn what_a_merged_customer_did_is_the_surviving_ones() {
    let mut desk = Desk::default();
    desk.opened_by("tickets/a1", ANN, 0);
    desk.opened_by("tickets/a2", ANN, 10);
    desk.opened_by("tickets/b1", BEN, 20);
    desk.helped("sessions/1", ANN, 25);
    assert_eq!(desk.by_customer("tickets_created"), counts(&[(ANN, 2), (BEN, 1)]));
    desk.merged(ANN, BEN, 100);
    assert_eq!(desk.by_customer("tickets_created"), counts(&[(BEN, 3)]));
    assert_eq!(desk.by_customer("self_service_rate"), counts(&[(BEN, 1)]));
    desk.opened_by("tickets/c1", CAI, 110);
    desk.merged(BEN, CAI, 120);
    assert_eq!(desk.by_customer("tickets_created"), counts(&[(CAI, 4)]));
    // The first one is its own again; what came by the second merge stays.
    desk.unmerged(ANN, CAI, 130);
    assert_eq!(desk.by_customer("tickets_created"), counts(&[(ANN, 2), (CAI, 2)]));
    desk.unmerged(BEN, CAI, 140);
    assert_eq!(
        desk.by_customer("tickets_created"),
        counts(&[(ANN, 2), (BEN, 1), (CAI, 1)])
    );
    assert_eq!(
        desk.value("tickets_created").0,
        Some(4.0),
        "nothing was ever counted twice"
    );
}

/// D5: attributes are those in force when it happened, of whoever it was then.
#[test]
fn the_tier_is_that_of_whoever_it_was_then() {
    let mut desk = Desk::default();
    let told = |customer| Payload::CustomerCreated(ticketing::CustomerCreated { customer });
    desk.happened(0, told(Some(person(ANN, "standard"))));
    desk.happened(0, told(Some(person(BEN, "vip"))));
    desk.helped("sessions/before", ANN, 10);
    desk.merged(ANN, BEN, 20);
    desk.helped("sessions/after", ANN, 30);
    assert_eq!(
        desk.by_tier("self_service_rate"),
        counts(&[("standard", 1), ("vip", 1)])
    );
}

/// Of all who were merged into the one who is erased ticketing tells, too; undone merges bring no name back.
#[test]
fn an_erased_customer_is_in_no_answer() {
    let mut desk = Desk::default();
    desk.opened_by("tickets/a", ANN, 0);
    desk.opened_by("tickets/b", BEN, 10);
    desk.opened_by("tickets/c", CAI, 20);
    desk.helped("sessions/1", ANN, 25);
    desk.merged(ANN, BEN, 30);
    for name in [ANN, BEN] {
        let erased = ticketing::CustomerErased {
            customer: Some(person(name, "")),
            ..Default::default()
        };
        desk.happened(40, Payload::CustomerErased(erased));
    }
    assert_eq!(desk.by_customer("tickets_created"), counts(&[("-", 2), (CAI, 1)]));
    assert_eq!(desk.by_customer("self_service_rate"), counts(&[("-", 1)]));
    assert_eq!(desk.value("tickets_created").0, Some(3.0));
}

/// What is told again under its name is one contact, as one line of a history is.
#[test]
fn a_proactive_contact_that_is_told_again_is_one() {
    let mut desk = Desk::default();
    let told = |id: &str, second| {
        let contact = Some(ticketing::ProactiveContact {
            id: id.to_owned(),
            at: time(second),
            ..Default::default()
        });
        let customer = ANN.to_owned();
        Payload::ProactiveContactRecorded(ticketing::ProactiveContactRecorded { customer, contact })
    };
    for (second, id, at) in [(10, "late-parcel", 5), (20, "late-parcel", 5), (30, "invoice", 25)] {
        desk.happened(second, told(id, at));
    }
    let facts = desk.facts.facts();
    let reached: Vec<_> = facts
        .people()
        .flat_map(|(_, person)| person.reached(Micros::MAX))
        .collect();
    assert_eq!(reached, [5 * SECOND, 25 * SECOND]);
}
