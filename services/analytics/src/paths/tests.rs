use super::*;
use crate::facts::{About, ActorKind, Answered, Event, Facts, Opened, Order, SessionStep, Status, Wrote};

const HOUR: Micros = 3_600_000_000;

/// A matter of a customer: contacts over channels, an hour apart, each answered at once; solved in the end or not.
fn matter(facts: &mut Facts, seq: &mut i64, customer: &str, channels: &[&str], solved: bool) {
    let mut tell = |at: Micros, event: Event<'_>| {
        *seq += 1;
        facts.apply(at, Order::new(0, *seq), event);
    };
    let ticket = format!("t-{customer}");
    let ticket = ticket.as_str();
    tell(
        100 * HOUR,
        Event::Opened(Opened {
            ticket,
            customer,
            channel: channels[0],
            ..Opened::default()
        }),
    );
    for (hour, channel) in (100..).zip(channels.iter().copied()) {
        for (at, actor, channel) in [
            (hour * HOUR, ActorKind::Customer, channel),
            (hour * HOUR + 60_000_000, ActorKind::Agent, ""),
        ] {
            let message = Wrote {
                actor,
                id: "agents/ann",
                public: true,
                channel,
            };
            tell(at, Event::Message { ticket, message });
        }
    }
    if solved {
        let status = Status::Solved;
        tell(
            110 * HOUR,
            Event::Status {
                ticket,
                status,
                actor: None,
            },
        );
        tell(
            111 * HOUR,
            Event::SurveyAnswered(Answered {
                about: About::Ticket(ticket),
                survey: Survey::Csat,
                score: 4.0,
                agent: "",
                solve: 0,
            }),
        );
    }
}

#[test]
fn the_commonest_way_comes_first_with_where_it_leads() {
    let (mut facts, mut seq) = (Facts::default(), 0);
    for customer in ["a", "b", "c"] {
        matter(
            &mut facts,
            &mut seq,
            customer,
            &["email", "email", "phone"],
            customer != "c",
        );
    }
    matter(&mut facts, &mut seq, "d", &["chat"], true);
    let visit = |session| Event::Session {
        session,
        step: SessionStep::Viewed,
        customer: "d",
        ticket: "",
    };
    facts.apply(90 * HOUR, Order::new(2, 1), visit("s"));
    let view = View::new(&facts, 1_000 * HOUR);
    let found = paths(&view, 0, 200 * HOUR);
    let told: Vec<_> = found
        .iter()
        .map(|path| {
            (
                path.steps.join(">"),
                path.episodes,
                path.solved,
                path.open,
                path.contacts,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("email>phone".to_owned(), 3, 2, 1, 9),
            ("self_service>chat".to_owned(), 1, 1, 0, 1),
        ]
    );
    assert_eq!(found[0].csat, Some(4.0));
    assert!(paths(&view, 101 * HOUR, 200 * HOUR).is_empty(), "they began before");
}
