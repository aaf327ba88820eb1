use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::answer::{check_repeat, given_at, late, solve_of};
use super::rule::{chosen, is_in_share, triggered};
use super::*;
use crate::state::State as TicketState;
use crate::ticket::{Change, Fields, Opening, Ticket};
use crate::words::{Channel, Disposition, Priority};

mod links;
mod words;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn ticket() -> Ticket {
    let opening = Opening {
        id: Uuid::from_u128(7),
        number: 1,
        customer: Uuid::from_u128(8),
        tier: "standard".into(),
        organization: None,
        channel: Channel::Chat,
        follow_up_of: None,
        split_from: None,
        automated: false,
        opened_at: None,
        fields: Fields {
            subject: "Drucker brennt".into(),
            priority: Priority::Normal,
            queue: "default".into(),
            tags: vec!["printer".into()],
            intent: String::new(),
            language: "de".into(),
            due_at: None,
            custom_fields: std::collections::BTreeMap::default(),
            followers: Vec::new(),
        },
    };
    Ticket::open(opening, at(0))
}

fn survey(id: &str, kind: Kind) -> Survey {
    Survey {
        id: id.into(),
        kind,
        display_name: String::new(),
        texts: Vec::new(),
        ask_comment: true,
        rule: Rule {
            trigger: Trigger::Solved,
            ..Rule::default()
        },
        valid_for: TimeDelta::days(7),
        late_for: TimeDelta::zero(),
        repeats: Repeats::Replace,
        active: true,
        revision: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn sending() -> Sending {
    Sending {
        id: Uuid::from_u128(9),
        survey: "s".into(),
        kind: Kind::Nps,
        customer: Uuid::from_u128(8),
        ticket: Some(Uuid::from_u128(7)),
        solve: 1,
        agent: None,
        language: "de".into(),
        state: State::Planned,
        cancelled: None,
        due_at: at(0),
        sent_at: None,
        expires_at: None,
        closes_at: None,
        answered_at: None,
        created_at: at(0),
    }
}

#[test]
fn the_kind_fixes_scale_and_direction() {
    let table = [
        (Kind::Csat, "csat", 1..=5, true),
        (Kind::CesEffort, "ces_effort", 1..=5, false),
        (Kind::CesEase, "ces_ease", 1..=7, true),
        (Kind::Nps, "nps", 0..=10, true),
        (Kind::OneContact, "one_contact", 0..=1, true),
        (Kind::Pec, "pec", 1..=5, true),
    ];
    assert_eq!(table.len(), Kind::ALL.len());
    for (kind, word, scale, high_is_good) in table {
        assert_eq!(
            (kind.as_str(), kind.scale(), kind.high_is_good()),
            (word, scale.clone(), high_is_good)
        );
        assert_eq!(Kind::of(word), Some(kind));
        assert!(scale.clone().all(|score| kind.check(score).is_ok()));
        for off in [scale.start() - 1, scale.end() + 1, i32::MIN, i32::MAX] {
            assert_eq!(
                kind.check(off).expect_err("off the scale").violations()[0].field,
                "score"
            );
        }
    }
    assert_eq!(Kind::of("mood"), None);
}

#[test]
fn solves_and_closes_trigger_and_nothing_else() {
    let mut one = ticket();
    let moved = |one: &mut Ticket, state| one.change_state(state, at(1)).expect("allowed");
    let changes = moved(&mut one, TicketState::Pending);
    assert_eq!(triggered(&one, &changes), None);
    let changes = moved(&mut one, TicketState::Solved);
    assert_eq!(triggered(&one, &changes), Some(Trigger::Solved));
    assert_eq!(triggered(&one, &[Change::Updated(vec!["tags"])]), None, "nothing moved");
    let changes = moved(&mut one, TicketState::Closed);
    assert_eq!(triggered(&one, &changes), Some(Trigger::Closed));

    let mut machines = ticket();
    machines.automated = true;
    let changes = moved(&mut machines, TicketState::Solved);
    assert_eq!(triggered(&machines, &changes), None, "nobody would answer");

    let mut spam = ticket();
    let changes = moved(&mut spam, TicketState::Solved);
    spam.disposition = Disposition::Spam;
    assert_eq!(triggered(&spam, &changes), None);

    let mut unsolved = ticket();
    let changes = moved(&mut unsolved, TicketState::Closed);
    assert_eq!(triggered(&unsolved, &changes), None, "an answer is about a solve");
    let mut reopened = ticket();
    moved(&mut reopened, TicketState::Solved);
    moved(&mut reopened, TicketState::Open);
    let changes = moved(&mut reopened, TicketState::Closed);
    assert_eq!(triggered(&reopened, &changes), None, "the solve does not hold");
}

#[test]
fn the_first_that_fits_decides_for_its_kind() {
    let mut solved = ticket();
    solved.change_state(TicketState::Solved, at(1)).expect("allowed");
    let with = |id: &str, kind, condition: &str, share| {
        let mut one = survey(id, kind);
        one.rule.condition = condition.into();
        one.rule.share = share;
        one
    };
    let surveys = [
        with("mail", Kind::Csat, "channel = EMAIL", 1.0),
        with("chat", Kind::Csat, "channel = CHAT tags:printer", 1.0),
        with("all", Kind::Csat, "", 1.0),
        with("none", Kind::Nps, "", 0.0),
        with("rest", Kind::Nps, "", 1.0),
        with("effort", Kind::CesEffort, "language = de AND NOT tier = vip", 1.0),
    ];
    let schema = crate::filter::schema(&crate::custom::Definitions::default());
    let ids = |surveys: &[Survey], trigger| {
        let fits = |survey: &Survey| survey.fits(&solved, &schema);
        let chosen = chosen(surveys, trigger, "acme", &solved, fits).expect("readable");
        chosen.iter().map(|survey| survey.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&surveys, Trigger::Solved),
        ["chat", "effort"],
        "`none` decided for nps"
    );
    assert!(ids(&surveys, Trigger::Closed).is_empty());
    assert!(ids(&[with("x", Kind::Csat, "", 1.0)], Trigger::Never).is_empty());
}

proptest! {
    /// A sample is the same each time, a larger share has all that a smaller one has, and none and all are none and all.
    #[test]
    fn samples_are_stable_and_grow(ticket: u128, solve in 1..50_i32, small in 0.0..1.0_f64, more in 0.0..1.0_f64) {
        let with = |share| {
            let mut one = survey("s", Kind::Nps);
            one.rule.share = share;
            one
        };
        let is_in = |share| is_in_share(&with(share), "acme", Uuid::from_u128(ticket), solve);
        let large = small + (1.0 - small) * more;
        prop_assert_eq!(is_in(small), is_in(small));
        prop_assert!(!is_in(small) || is_in(large));
        prop_assert!(!is_in(0.0) && is_in(1.0));
    }
}

#[test]
fn a_share_is_about_that_part() {
    let mut one = survey("s", Kind::Nps);
    one.rule.share = 0.3;
    let taken = (0..10_000_u128)
        .filter(|ticket| is_in_share(&one, "acme", Uuid::from_u128(*ticket), 1))
        .count();
    assert!((2_800..3_200).contains(&taken), "{taken} of 10,000");
}

#[test]
fn an_answer_is_on_time_late_or_too_late() {
    let mut one = sending();
    assert_eq!(late(&one, at(0)).expect_err("not sent").reason(), "SURVEY_NOT_SENT");
    let mut asks = survey("s", Kind::Nps);
    asks.valid_for = TimeDelta::seconds(100);
    asks.late_for = TimeDelta::seconds(50);
    one.send(&asks, at(10));
    assert_eq!(
        late(&one, at(9)).expect_err("before the question").violations()[0].field,
        "answered_at"
    );
    for (second, is_late) in [(10, false), (110, false), (111, true), (160, true)] {
        assert_eq!(late(&one, at(second)).expect("taken"), is_late, "at {second}");
    }
    assert_eq!(late(&one, at(161)).expect_err("closed").reason(), "SURVEY_CLOSED");
    one.cancel(Cancelled::Reopened);
    assert_eq!(late(&one, at(20)).expect_err("given up").reason(), "SURVEY_NOT_SENT");
}

#[test]
fn a_planned_sending_is_given_up_when_its_solve_does_not_hold() {
    let (one, asks) = (sending(), survey("s", Kind::Nps));
    let mut about = ticket();
    about.change_state(TicketState::Solved, at(1)).expect("allowed");
    assert_eq!(one.obstacle(&asks, Some(&about)), None);
    about.change_state(TicketState::Closed, at(1)).expect("allowed");
    assert_eq!(one.obstacle(&asks, Some(&about)), None, "closing keeps the solve");
    let inactive = Survey {
        active: false,
        ..asks.clone()
    };
    assert_eq!(one.obstacle(&inactive, Some(&about)), Some(Cancelled::SurveyInactive));
    let merged = Ticket {
        merged_into: Some(Uuid::from_u128(1)),
        ..about.clone()
    };
    assert_eq!(one.obstacle(&asks, Some(&merged)), Some(Cancelled::Merged));
    let spam = Ticket {
        disposition: Disposition::Spam,
        ..about.clone()
    };
    assert_eq!(one.obstacle(&asks, Some(&spam)), Some(Cancelled::Marked));
    let erased = Ticket { erased: true, ..about };
    assert_eq!(one.obstacle(&asks, Some(&erased)), Some(Cancelled::CustomerErased));
    let mut reopened = ticket();
    for state in [TicketState::Solved, TicketState::Open] {
        reopened.change_state(state, at(2)).expect("allowed");
    }
    assert_eq!(one.obstacle(&asks, Some(&reopened)), Some(Cancelled::Reopened));
    reopened.change_state(TicketState::Solved, at(3)).expect("allowed");
    assert_eq!(
        one.obstacle(&asks, Some(&reopened)),
        Some(Cancelled::Reopened),
        "that is another solve"
    );
}

#[test]
fn answers_are_about_solves_that_there_were() {
    let mut one = ticket();
    assert_eq!(solve_of(&one, 0).expect_err("never").reason(), "NOT_SOLVED");
    for state in [
        TicketState::Solved,
        TicketState::Open,
        TicketState::Solved,
        TicketState::Open,
    ] {
        one.change_state(state, at(1)).expect("allowed");
    }
    assert_eq!(solve_of(&one, 0).expect("the last one, though it is open again"), 2);
    assert_eq!(solve_of(&one, 1).expect("the first one"), 1);
    assert!(solve_of(&one, 3).is_err());
    assert!(check_repeat(Repeats::FirstStands, None).is_ok());
}

#[test]
fn the_answer_that_was_given_last_holds() {
    let holds = Answer {
        id: Uuid::from_u128(1),
        kind: Kind::Csat,
        scale: (1, 5),
        high_is_good: true,
        survey: None,
        customer: Uuid::from_u128(8),
        recorded_for: Uuid::from_u128(8),
        ticket: None,
        solve: 0,
        agent: None,
        score: 5,
        comment: String::new(),
        has_comment: false,
        sending: None,
        late: false,
        answered_at: at(10),
        recorded_at: at(10),
    };
    let given = |told: Option<i64>, now| given_at(told.map(at), at(now), Some(&holds));
    assert_eq!(given(Some(9), 20), None, "told late");
    assert_eq!(given(Some(10), 20), Some(at(10)), "of one time the one told last");
    assert_eq!(given(Some(30), 20), Some(at(20)), "nobody answers tomorrow");
    assert_eq!(given(None, 20), Some(at(20)));
    assert_eq!(
        given(None, 9),
        Some(at(10)),
        "a clock that is behind loses no correction"
    );
    assert_eq!(given_at(Some(at(3)), at(20), None), Some(at(3)));
    assert_eq!(given_at(None, at(20), None), Some(at(20)));
    assert_eq!(holds.owner(), holds.customer);
}

#[test]
fn csat_has_no_cap() {
    let mut one = survey("s", Kind::Csat);
    assert!(one.check().is_ok());
    one.rule.every = Some(TimeDelta::days(30));
    assert_eq!(
        one.check().expect_err("per solve").violations()[0].field,
        "survey.rule.every"
    );
    one.kind = Kind::Nps;
    assert!(one.check().is_ok());
}

#[test]
fn rules_survive_the_store() {
    let rule = Rule {
        trigger: Trigger::Closed,
        delay: TimeDelta::hours(3),
        condition: "tier = vip".into(),
        share: 0.1,
        every: Some(TimeDelta::days(90)),
        position: 4,
    };
    let stored = serde_json::to_string(&rule.stored()).expect("plain values");
    let read = Rule::read(serde_json::from_str(&stored).expect("as written"), 4).expect("known");
    assert_eq!(read, rule);
}
