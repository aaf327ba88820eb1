//! Random histories: the order of arrival changes no figure, what the ledger remembers is what is derived anew, what is
//! explained adds up, and rows add up to their total.

use proptest::prelude::*;
use vorrang_calendar::{Draft, Overlaps, Version};
use vorrang_sla::{ClockKind, Goal, Match, Metric, Policy};

use super::*;
use crate::dimensions::DIMENSIONS;
use crate::facts::{About, Answered, Presence, ReviewItem, Survey, Workflow};
use crate::query::{add_up, contributions, explain};
use crate::rows::Ledger;

/// One thing that happens: what, to which ticket, by whom, how, and in which minute. Equal minutes are frequent.
pub(crate) type Deed = (u8, u8, u8, u8, i64);

const MINUTES: i64 = 40;
const HOUR: Micros = 60 * MINUTE;
const NAMES: [&str; 4] = ["t0", "t1", "t2", "t3"];
const PEOPLE: [&str; 3] = ["c0", "c1", "c2"];
const AGENTS: [&str; 3] = ["ann", "bob", ""];
const WORDS: [&str; 4] = ["email", "chat", "phone", ""];

/// Opening hours of the first half of every hour of the day.
fn hours() -> Version {
    let spans: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00-{hour:02}:30")).collect();
    let weekly = vorrang_calendar::DAYS
        .iter()
        .map(|day| ((*day).to_owned(), spans.clone()));
    let draft = Draft {
        at: chrono::DateTime::UNIX_EPOCH,
        time_zone: "UTC".to_owned(),
        weekly: weekly.collect(),
        exceptions: Default::default(),
        valid_from: None,
    };
    draft.check(Overlaps::Joined).expect("hours")
}

pub(super) fn policy(position: i32) -> Policy {
    Policy {
        id: "p".to_owned(),
        position: Some(position),
        age: 0,
        matching: Match::default(),
        goals: vec![
            Goal::new(Metric::FirstResponse, 300 + i64::from(position), ClockKind::Business),
            Goal::new(Metric::NextResponse, 240, ClockKind::Elapsed),
            Goal::new(Metric::Resolution, 600, ClockKind::Elapsed),
        ],
        schedule: Some("s".to_owned()),
    }
}

/// Where a deed counts within its minute: what the desk is like first, then openings, then the rest.
fn rank(kind: u8) -> u8 {
    match kind {
        0 | 21 | 22 | 23 | 26 => 0,
        1 => 1,
        _ => 2,
    }
}

fn apply(facts: &mut Facts, number: usize, deed: &Deed) {
    apply_in(facts, number, deed, MINUTE);
}

/// As [`apply`], with minutes that are so long.
pub(crate) fn apply_in(facts: &mut Facts, number: usize, deed: &Deed, unit: Micros) {
    let order = Order::new(rank(deed.0 % 30), number as i64);
    tell(deed, unit, &mut |at, event| facts.apply(at, order, event));
}

/// What a deed is, with its time.
pub(crate) fn tell(deed: &Deed, unit: Micros, told: &mut dyn FnMut(Micros, Event<'_>)) {
    let (kind, which, who, how, minute) = *deed;
    let kind = kind % 30;
    let at = minute.rem_euclid(MINUTES) * unit;
    let ticket = NAMES[usize::from(which) % 4];
    let other = NAMES[usize::from(how) % 4];
    let customer = PEOPLE[usize::from(who) % 3];
    let agent = AGENTS[usize::from(who) % 3];
    let word = WORDS[usize::from(how) % 4];
    let queue = ["q", "r", ""][usize::from(how) % 3];
    let actor = [ActorKind::Customer, ActorKind::Agent, ActorKind::Automation][usize::from(how) % 3];
    let survey = [Survey::Csat, Survey::Nps, Survey::CesEffort, Survey::Pec][usize::from(how) % 4];
    let (hours, terms) = (hours(), policy(i32::from(how % 3)));
    let tags = ["x", "y"];
    let review = [ReviewItem {
        id: "pec",
        points: f64::from(how % 5 + 1),
        of: 5.0,
        weight: 1.0,
    }];
    let chat: &[&str] = &["chat"];
    let event = match kind {
        0 => Event::Schedule {
            schedule: "s",
            version: &hours,
        },
        // A ticket is opened once: what opens it again later changes nothing.
        1..=3 => Event::Opened(Opened {
            ticket,
            customer: PEOPLE[usize::from(which) % 3],
            channel: WORDS[usize::from(which) % 3],
            queue,
            intent: ["a", ""][usize::from(how) % 2],
            tags: &tags[..usize::from(how) % 3],
            opened_by: Some(actor),
            ..Opened::default()
        }),
        4..=8 => Event::Message {
            ticket,
            message: Wrote {
                actor,
                id: agent,
                public: how < 200,
                channel: word,
            },
        },
        9..=11 => {
            let all = [
                Status::Open,
                Status::Pending,
                Status::OnHold,
                Status::Solved,
                Status::Solved,
                Status::Closed,
                Status::Spam,
            ];
            Event::Status {
                ticket,
                status: all[usize::from(how) % 7],
                actor: Some(actor),
            }
        }
        12 => Event::Assigned { ticket, agent, queue },
        13 => Event::QueueEntered { ticket, queue },
        14 => Event::QueueAccepted {
            ticket,
            queue,
            agent,
            by_hand: how < 40,
        },
        15 => Event::QueueLeft { ticket },
        16 => Event::WrapUpEnded {
            ticket,
            agent,
            talk: Some(f64::from(how)),
            hold: None,
        },
        17 if ticket != other => Event::Merged { ticket, into: other },
        17 => Event::Unmerged { ticket },
        18 => Event::SurveyAnswered(Answered {
            about: if who < 200 {
                About::Ticket(ticket)
            } else {
                About::Customer(customer)
            },
            survey,
            score: f64::from(how % 5 + 1),
            agent: "",
            solve: 0,
        }),
        19 => Event::Session {
            session: ticket,
            step: [SessionStep::Viewed, SessionStep::Solved, SessionStep::Escalated][usize::from(how) % 3],
            customer: if who < 128 { customer } else { "" },
            ticket: if who < 60 { other } else { "" },
        },
        20 => Event::Applied {
            ticket,
            workflow: Workflow::Macro,
            id: "m",
        },
        21 => Event::Customer(CustomerSeen {
            customer,
            tier: Some(["standard", "vip"][usize::from(how) % 2]),
            language: None,
            won: true,
            ..CustomerSeen::default()
        }),
        22 => Event::Agent {
            agent,
            team: Some(["north", "south"][usize::from(how) % 2]),
        },
        23 => Event::Policy {
            policy: ["p", "o"][usize::from(which) % 2],
            terms: Some(&terms),
        },
        24 => Event::Presence {
            agent,
            presence: [Presence::Available, Presence::Busy, Presence::Offline][usize::from(how) % 3],
            channels: (how < 100).then_some(chat),
        },
        26 if customer != PEOPLE[usize::from(how) % 3] => Event::CustomersMerged {
            customer,
            into: PEOPLE[usize::from(how) % 3],
        },
        26 => Event::CustomersUnmerged { customer },
        27 if how < 40 => Event::CustomerErased { customer },
        27 => Event::Counts {
            ticket,
            counts: how < 160,
            actor: None,
        },
        28 => Event::SurveySent {
            about: if who < 128 {
                About::Ticket(ticket)
            } else {
                About::Customer(customer)
            },
            survey,
        },
        29 => Event::Promised {
            ticket,
            policy: ["p", "o", ""][usize::from(who) % 3],
        },
        _ if how < 60 => Event::Ordered { customer, id: word },
        _ if how < 120 => Event::Linked { ticket, to: other },
        _ if how < 180 => Event::CustomerLeft { customer },
        _ => Event::Reviewed {
            ticket,
            id: "",
            agent,
            items: &review,
        },
    };
    told(at, event);
}

/// Every figure in every variant on both clocks.
fn each(mut ask: impl FnMut(&Query<'_>)) {
    for kpi in ALL {
        for variant in kpi.variants {
            for clock in [Clock::Elapsed, Clock::Business] {
                ask(&Query {
                    kpi,
                    variant,
                    clock,
                    from: 0,
                    to: HOUR,
                    zone: Tz::UTC,
                    grain: None,
                    by: &[],
                    filters: &[],
                });
            }
        }
    }
}

/// What of a total the shares of its contributions do not add up to.
fn not_shared(view: &View<'_>, query: &Query<'_>, total: &Figures) -> Option<String> {
    let shares: Vec<_> = contributions(view, query).into_iter().map(|one| one.share).collect();
    let sum = |part: fn(&crate::query::Share) -> f64| shares.iter().map(part).sum::<f64>();
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * other.abs().max(1.0);
    let numbers = [
        ("count", sum(|share| share.count as f64), Some(total.count as f64)),
        ("open", sum(|share| share.open as f64), Some(total.open as f64)),
        ("sum", sum(|share| share.sum), total.sum),
        ("numerator", sum(|share| share.numerator), total.numerator),
        ("denominator", sum(|share| share.denominator), total.denominator),
    ];
    for (name, shared, told) in numbers {
        // Of shares of time the count is that of seconds.
        let counts_time = name == "count" && query.variant.measure == Measure::TimeShare;
        if let Some(told) = told
            && !counts_time
            && !near(shared, told)
        {
            return Some(format!("{name} {shared}, not {told}: {shares:?}"));
        }
    }
    None
}

pub(crate) fn everything(view: &View<'_>) -> Vec<Answer> {
    let mut answers = Vec::new();
    each(|query| {
        answers.push(run(view, query));
        let split = Query {
            by: &DIMENSIONS[..6],
            ..query.clone()
        };
        answers.push(run(view, &split));
    });
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_arrival_changes_nothing(
        deeds in prop::collection::vec(any::<Deed>(), 1..90),
        places in prop::collection::vec(any::<u16>(), 90),
        as_of in 0..MINUTES + 5,
    ) {
        let mut plain = Facts::default();
        for (number, deed) in deeds.iter().enumerate() {
            apply(&mut plain, number, deed);
        }
        let mut shuffled: Vec<(u16, usize)> = places.iter().copied().zip(0..deeds.len()).collect();
        shuffled.sort_unstable();
        let mut wild = Facts::default();
        for (_, number) in shuffled {
            apply(&mut wild, number, &deeds[number]);
        }
        let as_of = as_of * MINUTE;
        prop_assert_eq!(everything(&View::new(&plain, as_of)), everything(&View::new(&wild, as_of)));
    }

    #[test]
    fn what_is_remembered_is_what_is_derived_anew(
        deeds in prop::collection::vec(any::<Deed>(), 1..90),
        moments in prop::collection::vec((0..90_usize, 0..MINUTES * 2), 1..8),
    ) {
        let mut facts = Facts::default();
        let ledger = Ledger::default();
        for (number, deed) in deeds.iter().enumerate() {
            // Late and out of order: the deeds come in the order of their numbers, not of their times.
            apply(&mut facts, number, deed);
            for (_, half) in moments.iter().filter(|(after, _)| *after == number) {
                let as_of = half * MINUTE / 2;
                prop_assert_eq!(everything(&View::with(&ledger, &facts, as_of)), everything(&View::new(&facts, as_of)));
            }
        }
        for as_of in [HOUR, 20 * MINUTE, HOUR + 1, 19 * MINUTE, 2 * HOUR] {
            prop_assert_eq!(everything(&View::with(&ledger, &facts, as_of)), everything(&View::new(&facts, as_of)));
        }
    }

    #[test]
    fn what_is_explained_and_what_is_split_adds_up(deeds in prop::collection::vec(any::<Deed>(), 1..90)) {
        let mut facts = Facts::default();
        for (number, deed) in deeds.iter().enumerate() {
            apply(&mut facts, number, deed);
        }
        let view = View::new(&facts, HOUR);
        let mut failures = Vec::new();
        each(|query| {
            let total = run(&view, query).total;
            let id = format!("{}/{} {:?}", query.kpi.id, query.variant.id, query.clock);
            if let Some(items) = explain(&view, query)
                && add_up(&items, query) != total
            {
                failures.push(format!("{id} is not what is explained: {items:?}, {total:?}"));
            }
            if let Some(why) = not_shared(&view, query, &total) {
                failures.push(format!("{id}: the shares of what is explained differ: {why}"));
            }
            // Things that are counted are in one row each, whatever single-valued dimension they are split by.
            let each_once = matches!(query.variant.measure, Measure::Count | Measure::Duration | Measure::Mean | Measure::Share | Measure::Csat | Measure::Nps);
            if !each_once || matches!(query.variant.observe, Observe::Answers(_)) {
                return;
            }
            for by in [&DIMENSIONS[..1], &DIMENSIONS[4..6], &DIMENSIONS[13..14]] {
                if by.iter().any(|dimension| !query.kpi.dimensions.contains(dimension)) {
                    continue;
                }
                let answer = run(&view, &Query { by, ..query.clone() });
                let count: u64 = answer.rows.iter().map(|row| row.figures.count).sum();
                let open: u64 = answer.rows.iter().map(|row| row.figures.open).sum();
                if (count, open) != (total.count, total.open) {
                    failures.push(format!("{id} by {by:?}: rows {count} and {open}, total {total:?}"));
                }
            }
        });
        prop_assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}
