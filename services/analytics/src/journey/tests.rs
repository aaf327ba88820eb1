use super::*;
use crate::facts::{About, ActorKind, Answered, CustomerSeen, Event, Facts, Opened, Order, Status, Wrote};

const MINUTE: Micros = 60_000_000;

fn facts(events: &[(i64, Event<'_>)]) -> Facts {
    let mut facts = Facts::default();
    // Told backwards: the order of arrival changes nothing.
    for (seq, (minute, event)) in events.iter().enumerate().rev() {
        facts.apply(minute * MINUTE, Order::new(0, seq as i64 + 1), *event);
    }
    facts
}

fn message(ticket: &'static str, actor: ActorKind, channel: &'static str) -> Event<'static> {
    Event::Message {
        ticket,
        message: Wrote {
            actor,
            id: "agents/ann",
            public: true,
            channel,
        },
    }
}

fn way() -> Facts {
    let status = |status| Event::Status {
        ticket: "t",
        status,
        actor: Some(ActorKind::Agent),
    };
    facts(&[
        (
            0,
            Event::Customer(CustomerSeen {
                customer: "c",
                won: true,
                ..CustomerSeen::default()
            }),
        ),
        (
            5,
            Event::Session {
                session: "s",
                step: SessionStep::Viewed,
                customer: "c",
                ticket: "",
            },
        ),
        (
            10,
            Event::Opened(Opened {
                ticket: "t",
                customer: "c",
                channel: "chat",
                queue: "q",
                ..Opened::default()
            }),
        ),
        (10, message("t", ActorKind::Customer, "")),
        (
            10,
            Event::QueueEntered {
                ticket: "t",
                queue: "q",
            },
        ),
        (12, Event::QueueLeft { ticket: "t" }),
        (30, message("t", ActorKind::Agent, "")),
        (31, status(Status::Solved)),
        (40, message("t", ActorKind::Customer, "email")),
        (40, status(Status::Open)),
        (45, message("t", ActorKind::Agent, "")),
        (46, status(Status::Solved)),
        (
            50,
            Event::SurveyAnswered(Answered {
                about: About::Ticket("t"),
                survey: Survey::Csat,
                score: 4.0,
                agent: "",
                solve: 0,
            }),
        ),
        (60, Event::Ordered { customer: "c", id: "o" }),
        (
            70,
            Event::Opened(Opened {
                ticket: "other",
                customer: "d",
                channel: "chat",
                ..Opened::default()
            }),
        ),
    ])
}

#[test]
fn everything_between_a_customer_and_us_in_order() {
    let facts = way();
    let view = View::new(&facts, 100 * MINUTE);
    let symbol = |text: &str| facts.strings().find(text).expect("is known");
    let journey = journey(&view, symbol("c"), Micros::MIN, Micros::MAX).expect("is known");
    let told: Vec<(i64, What)> = journey
        .touchpoints
        .iter()
        .map(|touchpoint| (touchpoint.at / MINUTE, touchpoint.what))
        .collect();
    assert_eq!(
        told,
        [
            (0, What::Won),
            (5, What::SelfService(SessionStep::Viewed)),
            (10, What::Contact(Some(20 * MINUTE))),
            (12, What::Abandoned(2 * MINUTE)),
            (30, What::Reply),
            (31, What::Solved(21 * MINUTE)),
            (40, What::Contact(Some(5 * MINUTE))),
            (40, What::Reopened),
            (45, What::Reply),
            (46, What::Solved(36 * MINUTE)),
            (50, What::SurveyAnswered(Survey::Csat, 4.0)),
            (60, What::Order(symbol("o"))),
        ]
    );
    let effort = &journey.effort;
    assert_eq!((effort.contacts, effort.tickets.len(), effort.switches), (2, 1, 1));
    assert_eq!((effort.abandoned, effort.transfers, effort.waited), (1, 0, 25 * MINUTE));
    assert_eq!(effort.channels.len(), 2);
}

#[test]
fn a_part_of_the_way_and_the_way_as_of_a_moment() {
    let facts = way();
    let customer = facts.strings().find("c").expect("is known");
    let view = View::new(&facts, 100 * MINUTE);
    let part = journey(&view, customer, 12 * MINUTE, 40 * MINUTE).expect("is known");
    assert_eq!((part.touchpoints.len(), part.effort.contacts), (3, 0));
    let view = View::new(&facts, 20 * MINUTE);
    let early = journey(&view, customer, Micros::MIN, Micros::MAX).expect("is known");
    assert_eq!(early.touchpoints.last().map(|one| one.at), Some(12 * MINUTE));
    assert_eq!(early.touchpoints[2].what, What::Contact(None), "not answered yet");
}
