//! Promises, reviews, orders, uses and presence, as their owners tell them.

use vorrang_api::routing::v1 as routing;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_api::ticketing::v1::{SlaClock, SlaMetric, sla_policy, sla_policy_changed::Change};

use super::relations::{Desk, customer, ticket};
use super::*;

/// 1970-01-01 was a Thursday.
const HOURS: &str = "00:00-01:00";

fn schedule() -> Payload {
    let version = ticketing::ScheduleVersion {
        number: 1,
        time_zone: "UTC".to_owned(),
        weekly: Some(ticketing::WeeklyHours {
            thursday: vec![HOURS.to_owned()],
            friday: vec![HOURS.to_owned()],
            ..Default::default()
        }),
        created_at: time(0),
        ..Default::default()
    };
    Payload::ScheduleUpdated(ticketing::ScheduleUpdated {
        schedule: Some(ticketing::Schedule {
            name: "schedules/s".to_owned(),
            ..Default::default()
        }),
        new_versions: vec![version],
        ..Default::default()
    })
}

fn policy(seconds: i64) -> ticketing::SlaPolicy {
    ticketing::SlaPolicy {
        name: "slaPolicies/p".to_owned(),
        schedule: "schedules/s".to_owned(),
        goals: vec![sla_policy::Goal {
            metric: SlaMetric::FirstResponse.into(),
            seconds,
            clock: SlaClock::Business.into(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn applied(name: &str, policy: ticketing::SlaPolicy) -> Payload {
    Payload::SlaApplied(ticketing::SlaApplied {
        ticket: Some(ticket(name)),
        policy: Some(policy),
    })
}

#[test]
fn a_ticket_is_judged_by_what_its_owner_applied() {
    let mut desk = Desk::default();
    desk.happened(0, schedule());
    let changed = |seconds, change: Change| {
        Payload::SlaPolicyChanged(ticketing::SlaPolicyChanged {
            policy: Some(policy(seconds)),
            change: change.into(),
        })
    };
    desk.happened(0, changed(1_800, Change::Created));
    desk.opened("tickets/t", 3_000);
    desk.happened(3_000, applied("tickets/t", policy(1_800)));
    // 600 s of Thursday's hour are left, 1200 s of Friday's: due at 00:20 on Friday.
    desk.wrote("tickets/t", 3_000, customer());
    desk.opened("tickets/u", 3_000);
    desk.wrote("tickets/u", 3_000, customer());
    // Changed or removed, what was promised stays promised.
    desk.happened(3_100, changed(60, Change::Updated));
    desk.happened(3_200, changed(60, Change::Deleted));
    assert_eq!(
        desk.at("sla_attainment", 86_400 + 1_200),
        (None, 0, 1),
        "u was promised nothing"
    );
    assert_eq!(desk.at("sla_attainment", 86_400 + 1_201), (Some(0.0), 1, 0));
    desk.wrote("tickets/t", 86_400 + 1_200, agent("agents/ada"));
    assert_eq!(desk.value("sla_attainment"), (Some(100.0), 1));
    assert_eq!(desk.value("workflow_usage"), (Some(1.0), 1));
    // A later decision of the owner replaces it.
    let again = ticketing::SlaRecalculated {
        ticket: Some(ticket("tickets/t")),
        policy: Some(policy(60)),
        ..Default::default()
    };
    desk.happened(90_000, Payload::SlaRecalculated(again));
    assert_eq!(desk.value("sla_attainment"), (Some(0.0), 1));
    let none = ticketing::SlaRecalculated {
        ticket: Some(ticket("tickets/t")),
        ..Default::default()
    };
    desk.happened(90_001, Payload::SlaRecalculated(none));
    assert_eq!(desk.value("sla_attainment"), (None, 0));
}

#[test]
fn a_review_that_is_told_again_replaces_itself() {
    let mut desk = Desk::default();
    desk.opened("tickets/t", 0);
    let mut review = |second, name: &str, points| {
        let review = ticketing::Review {
            name: name.to_owned(),
            ticket: "tickets/t".to_owned(),
            agent: "agents/ada".to_owned(),
            reviewed_at: time(second),
            items: vec![ticketing::ReviewItem {
                id: "pec".to_owned(),
                points,
                of: 5,
                weight: 2.0,
            }],
            ..Default::default()
        };
        desk.happened(
            second,
            Payload::ReviewRecorded(ticketing::ReviewRecorded {
                ticket: Some(ticket("tickets/t")),
                review: Some(review),
                ..Default::default()
            }),
        );
        (desk.value("quality_score"), desk.value("personal_emotional_connection"))
    };
    assert_eq!(review(10, "reviews/1", 1), ((Some(20.0), 1), (Some(1.0), 1)));
    assert_eq!(review(20, "reviews/1", 5), ((Some(100.0), 1), (Some(5.0), 1)));
    assert_eq!(review(20, "reviews/2", 3), ((Some(80.0), 2), (Some(4.0), 2)));
}

#[test]
fn customers_are_there_when_their_owner_says() {
    let mut desk = Desk::default();
    let person = |name: &str, won: Option<i64>, left: Option<i64>| ticketing::Customer {
        name: name.to_owned(),
        won_at: won.and_then(time),
        left_at: left.and_then(time),
        ..Default::default()
    };
    let mut told = |second, customer: ticketing::Customer| {
        let customer = Some(customer);
        desk.happened(
            second,
            Payload::CustomerCreated(ticketing::CustomerCreated { customer }),
        );
        (desk.value("retention_rate").0, desk.value("retention_rate").1)
    };
    // The period begins at 0: what is dated before it is there at the start.
    assert_eq!(
        told(-100, person("customers/stays", Some(-100), None)),
        (Some(100.0), 1)
    );
    assert_eq!(
        told(-100, person("customers/goes", Some(-100), Some(500))),
        (Some(50.0), 2)
    );
    assert_eq!(told(-100, person("customers/never", None, None)), (Some(50.0), 2));
    // Won again after all.
    let back = ticketing::Customer {
        earlier_periods: vec![ticketing::CustomerPeriod {
            won_at: time(-100),
            left_at: time(500),
        }],
        ..person("customers/goes", Some(600), None)
    };
    assert_eq!(told(700, back), (Some(100.0), 2));
}

#[test]
fn links_orders_and_presence_are_told() {
    let mut desk = Desk::default();
    desk.opened("tickets/t", 0);
    desk.opened("tickets/u", 10);
    for name in ["tickets/t", "tickets/u"] {
        desk.wrote(name, 20, customer());
        let ticket = Some(ticketing::Ticket {
            state: State::Solved.into(),
            ..ticket(name)
        });
        desk.happened(
            30,
            Payload::TicketStateChanged(ticketing::TicketStateChanged {
                ticket,
                ..Default::default()
            }),
        );
    }
    assert_eq!(desk.value("fcr_net"), (Some(100.0), 2));
    let (one, other) = (Some(ticket("tickets/u")), Some(ticket("tickets/t")));
    let linked = ticketing::TicketLinked {
        ticket: one.clone(),
        other: other.clone(),
        ..Default::default()
    };
    desk.happened(40, Payload::TicketLinked(linked));
    assert_eq!(desk.value("fcr_net"), (Some(0.0), 1));
    // Taken away from the other side.
    let unlinked = ticketing::TicketUnlinked {
        ticket: one,
        other,
        ..Default::default()
    };
    desk.happened(50, Payload::TicketUnlinked(unlinked));
    assert_eq!(desk.value("fcr_net"), (Some(100.0), 2));

    let changes = [
        (60, routing::Presence::Available),
        (100, routing::Presence::Busy),
        (110, routing::Presence::Offline),
    ];
    for (place, (second, presence)) in changes.into_iter().enumerate() {
        let changed = routing::PresenceChanged {
            agent: "agents/ada".to_owned(),
            presence: presence.into(),
            ..Default::default()
        };
        let event = routing::Event {
            head: Some(head(place as i64 + 1, second, None)),
            payload: Some(routing::event::Payload::PresenceChanged(changed)),
        };
        desk.facts.apply(Owner::Routing, &[event]).expect("in order");
    }
    assert_eq!(desk.value("occupancy").0, Some(20.0));
}
