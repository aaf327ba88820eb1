use super::*;
use crate::facts::{ActorKind, BenchmarkSeen, Event, Facts, Opened, Order, Wrote};

const MINUTE: Micros = 60_000_000;
const DAY: Micros = 24 * 60 * MINUTE;

/// Tickets, each opened at a minute and answered so many minutes later.
fn facts(tickets: &[(Micros, Micros)], goals: &[(&str, f64)]) -> Facts {
    let mut facts = Facts::default();
    let mut seq = 0;
    let mut tell = |at: Micros, event: Event<'_>| {
        seq += 1;
        facts.apply(at, Order::new(0, seq), event);
    };
    for (kpi, value) in goals.iter().copied() {
        let benchmark = BenchmarkSeen {
            kpi,
            label: "goal",
            value,
            valid_from: 0,
        };
        tell(0, Event::Benchmark(benchmark));
    }
    for (number, (at, after)) in tickets.iter().enumerate() {
        let ticket = number.to_string();
        let ticket = ticket.as_str();
        let opened = Opened {
            ticket,
            customer: "c",
            channel: "chat",
            ..Opened::default()
        };
        tell(*at, Event::Opened(opened));
        for (at, actor) in [(*at, ActorKind::Customer), (at + after, ActorKind::Agent)] {
            let message = Wrote {
                actor,
                id: "agents/ann",
                public: true,
                channel: "",
            };
            tell(at, Event::Message { ticket, message });
        }
    }
    facts
}

#[test]
fn today_is_the_local_day_with_the_course_of_two_weeks_before_it() {
    let zone = Tz::Europe__Berlin;
    // 23:30 UTC is tomorrow in Berlin already.
    let tickets = [
        (100 * DAY - 30 * MINUTE, MINUTE),
        (99 * DAY, 2 * MINUTE),
        (100 * DAY + MINUTE, 3 * MINUTE),
    ];
    let facts = facts(&tickets, &[("first_response_time", 120.0), ("csat", 90.0)]);
    let view = View::new(&facts, 100 * DAY + 60 * MINUTE);
    let board = board(&view, zone);
    let tile = |id: &str| board.tiles.iter().find(|tile| tile.id == id).expect("is shown");
    let created = tile("tickets_created");
    assert_eq!((created.value, created.goal, created.is_met), (Some(2.0), None, None));
    assert_eq!(created.course.len(), 14);
    assert_eq!(created.course[12..], [Some(1.0), Some(2.0)]);
    let response = tile("first_response_time");
    assert_eq!(
        (response.value, response.goal, response.is_met),
        (Some(120.0), Some(120.0), Some(true))
    );
    let csat = tile("csat");
    assert_eq!(
        (csat.value, csat.goal, csat.is_met),
        (None, Some(90.0), None),
        "nobody answered"
    );
    assert_eq!(board.tiles.len(), SHOWN.len());
    assert!(board.grade.is_some());
}

#[test]
fn a_goal_is_met_by_the_direction_of_the_figure() {
    assert!(is_met(Direction::Higher, 80.0, 80.0) && !is_met(Direction::Higher, 79.9, 80.0));
    assert!(is_met(Direction::Lower, 80.0, 80.0) && !is_met(Direction::Lower, 80.1, 80.0));
}
