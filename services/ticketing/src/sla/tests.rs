//! What changes mean to promises, and which policy a ticket gets.

use std::collections::HashMap;

use vorrang_calendar::Schedule;
use vorrang_sla::{ClockKind, Goal, Match, Metric, Standing};

use super::*;
use crate::message::Draft;
use crate::ticket::{Fields, Opening, QUEUE_DEFAULT};
use crate::words::{Channel, Priority};

fn at(second: i64) -> DateTime<Utc> {
    // A Monday, 09:00 UTC.
    DateTime::from_timestamp(1_772_442_000 + second, 0).expect("valid")
}

fn opened(second: i64) -> Ticket {
    let opening = Opening {
        id: Uuid::from_u128(1),
        number: 1,
        customer: Uuid::from_u128(2),
        tier: "standard".to_owned(),
        organization: Some(Uuid::from_u128(3)),
        channel: Channel::Email,
        follow_up_of: None,
        split_from: None,
        automated: false,
        opened_at: Some(at(second)),
        fields: Fields {
            subject: String::new(),
            priority: Priority::Normal,
            queue: QUEUE_DEFAULT.to_owned(),
            tags: Vec::new(),
            intent: String::new(),
            language: String::new(),
            due_at: None,
            custom_fields: Default::default(),
            followers: Vec::new(),
        },
    };
    Ticket::open(opening, at(second))
}

fn draft(kind: ActorKind, visibility: Visibility, second: i64) -> Draft {
    Draft {
        actor: Actor {
            kind,
            id: "agents/anna".to_owned(),
        },
        visibility,
        text: "text".to_owned(),
        quoted_text: String::new(),
        channel: None,
        attachments: Vec::new(),
        occurred_at: Some(at(second)),
        external_id: String::new(),
        automated: false,
        from_macro: None,
        failed_recipients: Vec::new(),
    }
}

fn policy(number: u128, position: Option<i32>, second: i64, schedule: Option<&str>) -> SlaPolicy {
    let draft = PolicyDraft {
        display_name: String::new(),
        position,
        matching: Match::default(),
        condition: Condition::default(),
        goals: vec![
            Goal::new(Metric::FirstResponse, 3_600, ClockKind::Business),
            Goal::new(Metric::Resolution, 7_200, ClockKind::Elapsed),
        ],
        schedule: schedule.map(str::to_owned),
    };
    SlaPolicy::new(Uuid::from_u128(number), draft, at(second))
}

/// A schedule whose versions were written at these seconds; each opens an hour later than the one before.
fn schedule(seconds: &[i64]) -> Schedule {
    let version = |(index, second): (usize, &i64)| {
        let hours = format!("{:02}:00-17:00", 9 + index);
        serde_json::json!({"at": at(*second), "time_zone": "UTC", "weekly": {"mon": [hours]}})
    };
    let versions: Vec<_> = seconds.iter().enumerate().map(version).collect();
    serde_json::from_value(versions.into()).expect("a schedule")
}

#[test]
fn messages_count_when_they_were_written_and_states_when_they_changed() {
    let mut ticket = opened(0);
    let mut changes = Vec::new();
    let mut add = |ticket: &mut Ticket, kind, visibility, wanted| {
        let added = ticket.add_message(Uuid::from_u128(9), draft(kind, visibility, 5), wanted, at(8));
        changes.extend(added.expect("is added"));
    };
    add(&mut ticket, ActorKind::Customer, Visibility::Public, None);
    add(&mut ticket, ActorKind::Automation, Visibility::Public, None);
    add(&mut ticket, ActorKind::Agent, Visibility::Internal, None);
    add(
        &mut ticket,
        ActorKind::Agent,
        Visibility::Public,
        Some(State::Solved.into()),
    );
    // A second change of state in the same list: what the first made of it is what the second says it was.
    changes.extend(ticket.change_state(State::Open, at(9)).expect("reopens"));
    assert_eq!(
        facts(ticket.state, &changes, at(9)),
        [
            Fact::new(at(5), What::CustomerWrote),
            Fact::new(at(5), What::Replied),
            Fact::new(at(9), What::Became(Status::Solved)),
            Fact::new(at(9), What::Became(Status::Open)),
        ]
    );
    assert!(State::ALL.iter().all(|one| state(status(*one)) == *one));
}

#[test]
fn a_ticket_gets_what_was_known_when_it_was_opened() {
    let (first, mut second) = (
        policy(1, None, 10, Some("schedules/office")),
        policy(2, Some(1), 20, None),
    );
    let made = second.clone();
    second
        .update(
            PolicyDraft {
                display_name: "Renamed".to_owned(),
                position: None,
                matching: Match::default(),
                condition: Condition::default(),
                goals: vec![Goal::new(Metric::Resolution, 60, ClockKind::Elapsed)],
                schedule: None,
            },
            &[Field::DisplayName, Field::Goals],
            at(30),
        )
        .expect("they fit together");
    let versions = [
        (first.id, at(10), Some(first.clone())),
        (made.id, at(20), Some(made.clone())),
        (made.id, at(30), Some(second.clone())),
        (made.id, at(40), None),
    ];
    let set = PolicySet::new(
        versions,
        HashMap::from([("schedules/office".to_owned(), schedule(&[5, 50]))]),
    );
    let agreed = |second: i64| set.agree(&opened(second), at(second)).map(|agreed| agreed.policy);
    assert_eq!(agreed(9), None);
    assert_eq!(agreed(10), Some(first.clone()), "in its own instant it counts");
    assert_eq!(agreed(20), Some(made), "by position");
    assert_eq!(agreed(39), Some(second));
    assert_eq!(agreed(40), Some(first), "the other one was removed");

    // The schedule is known as it was, too.
    let due = |second: i64| {
        let mut ticket = opened(second);
        let (change, keyed) = apply(&mut ticket, &set, at(second)).expect("a policy");
        assert!(matches!(change, Change::Sla(SlaChange::Applied(_))));
        let written = Fact::new(at(second), What::CustomerWrote);
        follow(&mut ticket, &keyed.terms, &[written], at(second)).expect("in order");
        let sla = ticket.sla.expect("a policy");
        assert_eq!(sla.schedule.as_deref(), Some("schedules/office"));
        sla.watch.told()[0].due_at
    };
    assert_eq!(due(45), Some(at(3_645)));
    assert_eq!(due(50), Some(at(7_200)), "it opens at ten from then on");
    let unwritten = PolicySet::new(
        [(
            Uuid::from_u128(1),
            at(0),
            Some(policy(1, None, 0, Some("schedules/office"))),
        )],
        HashMap::new(),
    );
    let agreed = unwritten.agree(&opened(1), at(1)).expect("a policy");
    assert_eq!(agreed.schedule, None);
    assert!(
        agreed.terms.terms.goal(Metric::FirstResponse).is_none(),
        "without hours there is no such target"
    );
}

#[test]
fn a_condition_asks_what_the_ticket_is_when_it_is_opened() {
    let mut ticket = opened(0);
    ticket.tags = vec!["refund".to_owned()];
    ticket.priority = Priority::High;
    let fits = |text: &str| Condition::parse(text).expect("a condition").fits(&ticket);
    for (text, expected) in [
        ("", true),
        ("priority >= HIGH tags:refund", true),
        ("priority > HIGH", false),
        ("channel = EMAIL OR channel = WEB", true),
        ("-tags:refund", false),
        ("automated = true", false),
        ("customer = \"customers/00000000-0000-0000-0000-000000000002\"", true),
        (
            "organization = \"organizations/00000000-0000-0000-0000-000000000003\"",
            true,
        ),
        ("intent:*", false),
        ("tier = standard queue = default", true),
    ] {
        assert_eq!(fits(text), expected, "{text}");
    }
    for wrong in ["priority = SOON", "subject = x", "priority >=", &"(".repeat(1_000)] {
        assert!(Condition::parse(wrong).is_err(), "{wrong}");
    }
    let mut first = policy(1, Some(1), 0, None);
    first.condition = Condition::parse("tags:complaint").expect("a condition");
    let second = policy(2, Some(2), 0, None);
    let versions = [(first.id, at(0), Some(first)), (second.id, at(0), Some(second.clone()))];
    let set = PolicySet::new(versions, HashMap::new());
    assert_eq!(
        set.agree(&ticket, at(1)).map(|agreed| agreed.policy.id),
        Some(second.id)
    );
}

#[test]
fn terms_come_back_as_they_were_and_equal_ones_have_one_key() {
    let terms = |seconds: &[i64]| {
        KeyedTerms::new(Terms::new(
            policy(1, None, 0, None).rules.goals,
            Some(schedule(seconds)),
        ))
    };
    let (one, same, other) = (terms(&[1]), terms(&[1]), terms(&[1, 2]));
    assert_eq!(one.key, same.key);
    assert_ne!(one.key, other.key);
    let back = KeyedTerms::read(one.key.clone(), &one.json()).expect("terms");
    assert_eq!(back.json(), one.json());
    assert!(KeyedTerms::read(one.key, "{").is_err());
}

#[test]
fn what_is_told_happened_when_it_became_so() {
    let terms = Terms::new(vec![Goal::new(Metric::FirstResponse, 100, ClockKind::Elapsed)], None);
    let mut watch = Watch::new(&terms, at(0), at(0));
    let written = Fact::new(at(0), What::CustomerWrote);
    watch.apply(&terms, &[written], at(0)).expect("in order");
    let times = |changes: Vec<Change>, now| -> Vec<_> {
        let time = |change: &Change| match change {
            Change::Sla(change) => (change.kind(), change.occurred_at(now)),
            other => panic!("{other:?}"),
        };
        changes.iter().map(time).collect()
    };
    assert_eq!(
        times(told(watch.report(&terms, at(90))), at(90)),
        [("sla_target_at_risk", at(80))]
    );
    assert_eq!(
        times(told(watch.report(&terms, at(900))), at(900)),
        [("sla_target_missed", at(100))]
    );
    let reply = Fact::new(at(70), What::Replied);
    let met = told(watch.apply(&terms, &[reply], at(901)).expect("in order"));
    assert_eq!(times(met, at(901)), [("sla_target_met", at(70))]);
    assert_eq!(watch.told()[0].standing, Standing::Met);
}

#[test]
fn new_positions_are_for_all_policies_at_once() {
    let mut policies = [
        policy(1, None, 0, None),
        policy(2, Some(2), 0, None),
        policy(3, Some(7), 0, None),
    ];
    let ids = [3, 2, 1].map(Uuid::from_u128);
    let changed = reorder(&mut policies, &ids, at(5)).expect("all of them");
    assert_eq!(changed, [true, false, true]);
    let places: Vec<_> = policies
        .iter()
        .map(|policy| (policy.id, policy.rules.position, policy.revision))
        .collect();
    assert_eq!(
        places,
        [(ids[0], Some(1), 2), (ids[1], Some(2), 1), (ids[2], Some(3), 2)]
    );
    for wrong in [&ids[..2], &[ids[0], ids[1], Uuid::from_u128(9)]] {
        assert_eq!(
            reorder(&mut policies, wrong, at(6))
                .expect_err("not all of them")
                .reason(),
            "POLICIES_CHANGED"
        );
    }
}
