//! What automations decide, without a store.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;
use vorrang_calendar::{Calendar, Draft, Overlaps, Schedule};
use vorrang_service::Ids;

use super::cause::{DEPTH_MAX, REPLIES_PER_HOUR, RUNS_PER_HOUR};
use super::decide::Done;
use super::*;
use crate::action::{Action, Localized, Surroundings, Text, changed_fields};
use crate::filter;
use crate::state::State;
use crate::ticket::tests::opened;
use crate::ticket::{Change, Ticket};
use crate::words::{ActorKind, Disposition, Priority, Visibility};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn ready(id: u128, events: &[EventKind], condition: &str, actions: Vec<Action>) -> Ready {
    let profile = Profile {
        display_name: format!("automation {id}"),
        description: String::new(),
        trigger: Trigger::Events(events.to_vec()),
        condition: condition.to_owned(),
        actions,
    };
    let mut one = Automation::new(Uuid::from_u128(id), profile, 1, at(0));
    one.enabled_at = Some(at(0));
    Ready::new(one, &filter::schema(&Default::default()))
}

fn by(ready: &Ready, cause: Cause) -> SetOff<'_> {
    SetOff {
        ready,
        trigger: EventKind::TicketCreated.as_str(),
        cause,
        event: None,
    }
}

fn tag(tag: &str) -> Action {
    Action::AddTags(vec![tag.to_owned()])
}

fn reply() -> Action {
    Action::Reply(Text(vec![Localized {
        language: String::new(),
        text: "We are on it".to_owned(),
    }]))
}

/// Decides for a ticket with nothing around it.
fn decided(ready: &Ready, ticket: &Ticket, guard: Guard, cause: Cause) -> Decided {
    let (around, ids) = (Surroundings::default(), Ids::default());
    let setting = Setting {
        around: &around,
        ids: &ids,
        now: at(60),
    };
    decide(&by(ready, cause), ticket, &guard, &setting)
}

fn run(decided: Decided) -> Done {
    match decided {
        Decided::Run(done) => *done,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_parts_of_a_condition_that_are_not_true_are_named() {
    let one = ready(
        1,
        &[EventKind::TicketCreated],
        "priority >= HIGH queue = default (tier = vip OR tags:vip) -state = NEW",
        vec![tag("a")],
    );
    let Decided::NotSo(parts) = decided(&one, &opened(), Guard::default(), Cause::default()) else {
        panic!("it is not so")
    };
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert!(
        parts[0].contains("priority") && parts[1].contains("OR") && parts[2].contains("state"),
        "{parts:?}"
    );
}

#[test]
fn what_is_final_aside_merged_or_erased_is_left_alone() {
    let one = ready(1, &[EventKind::TicketCreated], "", vec![tag("a"), reply()]);
    let mut closed = opened();
    closed.state = State::Closed;
    let mut spam = opened();
    spam.disposition = Disposition::Spam;
    let mut merged = opened();
    merged.merged_into = Some(Uuid::from_u128(9));
    let mut erased = opened();
    erased.erased = true;
    for (ticket, why) in [
        (closed, "TICKET_CLOSED"),
        (spam, "TICKET_SET_ASIDE"),
        (merged, "TICKET_MERGED"),
        (erased, "ERASED"),
    ] {
        let found = decided(&one, &ticket, Guard::default(), Cause::default());
        assert_eq!(found, Decided::Untouched(why));
    }
}

#[test]
fn what_is_so_already_is_not_done_and_not_told() {
    let mut ticket = opened();
    ticket.tags = vec!["a".to_owned()];
    let one = ready(
        1,
        &[EventKind::TicketCreated],
        "",
        vec![tag("a"), Action::SetPriority(ticket.priority)],
    );
    assert_eq!(
        decided(&one, &ticket, Guard::default(), Cause::default()),
        Decided::AlreadySo
    );
}

#[test]
fn what_is_refused_is_told_and_the_rest_is_done() {
    let missing = Action::ApplyMacro(Uuid::from_u128(77));
    let one = ready(1, &[EventKind::TicketCreated], "", vec![missing.clone(), tag("a")]);
    let done = run(decided(&one, &opened(), Guard::default(), Cause::default()));
    assert_eq!((done.run.outcome, done.ticket.tags.len()), (Outcome::Applied, 1));
    assert!(matches!(&done.run.steps[0].outcome, StepOutcome::Refused(reason, _) if reason == "RESOURCE_NOT_FOUND"));
    assert_eq!(done.run.steps[1].outcome, StepOutcome::Done);
    let one = ready(1, &[EventKind::TicketCreated], "", vec![missing]);
    let done = run(decided(&one, &opened(), Guard::default(), Cause::default()));
    assert_eq!(
        (done.run.outcome, done.run.reason.as_str()),
        (Outcome::Failed, "ALL_REFUSED")
    );
    assert!(done.changes.is_empty());
}

#[test]
fn a_chain_stops_at_its_own_doing_at_its_length_and_at_the_hours_bound() {
    let one = ready(1, &[EventKind::TicketCreated], "", vec![tag("a")]);
    let own = Cause(vec![Uuid::from_u128(1)]);
    let long = Cause((2..2 + DEPTH_MAX as u128).map(Uuid::from_u128).collect());
    let often = Guard {
        runs: RUNS_PER_HOUR,
        ..Guard::default()
    };
    for (cause, guard, reason) in [
        (own, Guard::default(), "OWN_DOING"),
        (long, Guard::default(), "CHAIN_TOO_LONG"),
        (Cause::default(), often, "TOO_OFTEN"),
    ] {
        let done = run(decided(&one, &opened(), guard, cause.clone()));
        assert_eq!((done.run.outcome, done.run.reason.as_str()), (Outcome::Stopped, reason));
        assert_eq!((done.ticket, done.changes.len(), done.run.cause), (opened(), 0, cause));
    }
}

#[test]
fn no_machine_is_answered_and_replies_are_bounded() {
    let one = ready(1, &[EventKind::TicketCreated], "", vec![tag("a"), reply()]);
    let machine = Guard {
        answers_machine: true,
        ..Guard::default()
    };
    let many = Guard {
        replies: REPLIES_PER_HOUR,
        ..Guard::default()
    };
    for (guard, reason) in [(machine, "ANSWERS_AUTOMATED"), (many, "TOO_MANY_REPLIES")] {
        let done = run(decided(&one, &opened(), guard, Cause::default()));
        assert_eq!((done.run.outcome, done.ticket.message_count), (Outcome::Applied, 0));
        assert!(matches!(&done.run.steps[1].outcome, StepOutcome::Refused(why, _) if why == reason));
    }
    let done = run(decided(&one, &opened(), Guard::default(), Cause::default()));
    let Some(Change::Message(message)) = done.changes.iter().find(|one| matches!(one, Change::Message(_))) else {
        panic!("it answers")
    };
    assert!(message.automated && message.actor.kind == ActorKind::Automation);
    assert_eq!(done.ticket.first_replied_at, None, "no machine's words are a reply");
    // Six replies of one automation are more than an hour allows.
    let six = ready(1, &[EventKind::TicketCreated], "", vec![reply(); 6]);
    let done = run(decided(&six, &opened(), Guard::default(), Cause::default()));
    assert_eq!(done.ticket.message_count, 5);
}

#[test]
fn each_sees_the_ticket_as_those_before_it_left_it() {
    let first = ready(
        1,
        &[EventKind::TicketCreated],
        "",
        vec![Action::SetPriority(Priority::Urgent)],
    );
    let second = ready(2, &[EventKind::TicketCreated], "priority = URGENT", vec![tag("urgent")]);
    let (around, ids) = (Surroundings::default(), Ids::default());
    let setting = Setting {
        around: &around,
        ids: &ids,
        now: at(60),
    };
    let order = |ready: [&Ready; 2]| {
        let mut ticket = opened();
        let set_off = ready.map(|one| by(one, Cause::default()));
        let taken = take_turn(&set_off, &mut ticket, Guard::default(), &[], &setting);
        (taken.len(), ticket.tags)
    };
    assert_eq!(order([&first, &second]), (2, vec!["urgent".to_owned()]));
    assert_eq!(order([&second, &first]), (1, Vec::new()));
}

#[test]
fn what_was_told_within_the_hour_is_not_told_again() {
    let one = ready(1, &[EventKind::TicketCreated], "", vec![tag("a")]);
    let (around, ids) = (Surroundings::default(), Ids::default());
    let setting = Setting {
        around: &around,
        ids: &ids,
        now: at(60),
    };
    let own = [by(&one, Cause(vec![Uuid::from_u128(1)]))];
    let told = |told: &[Uuid]| take_turn(&own, &mut opened(), Guard::default(), told, &setting).len();
    assert_eq!((told(&[]), told(&[Uuid::from_u128(1)])), (1, 0));
}

fn spoken(id: u128, kind: ActorKind, visibility: Visibility, second: i64) -> Spoken {
    Spoken {
        id: Uuid::from_u128(id),
        incoming: kind == ActorKind::Customer,
        kind,
        visibility,
        automated: false,
        at: at(second),
    }
}

fn waits(anchor: AnchorKind) -> TimeTrigger {
    TimeTrigger {
        anchor,
        seconds: 100,
        before: false,
        business: false,
        metric: None,
    }
}

#[test]
fn silence_counts_from_whose_turn_it_is() {
    use ActorKind::{Agent, Automation, Customer};
    use Visibility::{Internal, Public};
    let ticket = opened();
    let of = |spoken: Vec<Spoken>, kind| {
        // Told the oldest first, kept the newest first.
        let spoken = spoken.into_iter().rev().collect();
        let known = Moments {
            spoken,
            state_since: None,
        };
        anchor::anchor(&waits(kind), &ticket, &known, None).map(|found| (found.key, found.at, found.due))
    };
    let id = |id: u128| Uuid::from_u128(id).to_string();
    let talk = vec![
        spoken(1, Customer, Public, 0),
        spoken(2, Customer, Public, 10),
        spoken(3, Agent, Internal, 20),
        spoken(4, Automation, Public, 30),
    ];
    assert_eq!(
        of(talk.clone(), AnchorKind::AgentSilent),
        Some((id(1), at(0), at(100))),
        "the first of the turn"
    );
    assert_eq!(
        of(talk.clone(), AnchorKind::CustomerSilent),
        None,
        "nobody of ours has answered"
    );
    let mut answered = talk;
    answered.push(spoken(5, Agent, Public, 40));
    answered.push(spoken(6, Automation, Public, 50));
    assert_eq!(
        of(answered.clone(), AnchorKind::CustomerSilent),
        Some((id(5), at(40), at(140)))
    );
    assert_eq!(of(answered.clone(), AnchorKind::AgentSilent), None);
    answered.push(spoken(7, Customer, Public, 60));
    assert_eq!(
        of(answered.clone(), AnchorKind::CustomerSilent),
        None,
        "the customer answered"
    );
    assert_eq!(of(answered, AnchorKind::AgentSilent), Some((id(7), at(60), at(160))));
    assert_eq!(of(Vec::new(), AnchorKind::AgentSilent), None);
}

fn office() -> Calendar {
    let weekly = ["mon", "tue", "wed", "thu", "fri"].map(|day| (day.to_owned(), vec!["09:00-17:00".to_owned()]));
    let draft = Draft {
        at: DateTime::<Utc>::UNIX_EPOCH,
        time_zone: "Europe/Berlin".to_owned(),
        weekly: weekly.into_iter().collect(),
        exceptions: BTreeMap::new(),
        valid_from: None,
    };
    let version = draft.check(Overlaps::Refused).expect("hours");
    Calendar::new(&Schedule::new(vec![version]).expect("a schedule"))
}

proptest! {
    /// Open time before a due time is the mirror image of open time after one, to the microsecond.
    #[test]
    fn open_time_before_is_found_exactly(second in 0_i64..3_000_000, seconds in 1_i64..200_000) {
        let calendar = office();
        let mut ticket = opened();
        ticket.opened_at = at(second);
        let trigger = TimeTrigger { seconds, before: true, business: true, ..waits(AnchorKind::Opened) };
        let found = anchor::anchor(&trigger, &ticket, &Moments::default(), Some(&calendar)).expect("there is one");
        let wanted = TimeDelta::seconds(seconds);
        prop_assert!(calendar.business(found.due, at(second)) >= wanted);
        prop_assert!(calendar.business(found.due + TimeDelta::microseconds(1), at(second)) < wanted);
        // And without a schedule there is nothing to wait by.
        prop_assert!(anchor::anchor(&trigger, &ticket, &Moments::default(), None).is_none());
    }
}

fn an_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        prop::sample::select(vec!["a", "b", "c"]).prop_map(tag),
        prop::sample::select(vec!["a", "b", "c"]).prop_map(|tag| Action::RemoveTags(vec![tag.to_owned()])),
        prop::sample::select(Priority::ALL).prop_map(Action::SetPriority),
        prop::sample::select(vec!["default", "other"]).prop_map(|queue| Action::SetQueue(queue.to_owned())),
        prop::sample::select(vec![State::Open, State::Pending, State::OnHold, State::Solved])
            .prop_map(|state| Action::Become(state, None)),
        prop::option::of(Just("agents/anna".to_owned())).prop_map(Action::Assign),
        Just(reply()),
    ]
}

fn some_events() -> impl Strategy<Value = Vec<EventKind>> {
    prop::collection::vec(prop::sample::select(EventKind::ALL), 1..5)
}

fn automations(most: usize) -> impl Strategy<Value = Vec<Ready>> {
    let condition = prop::sample::select(vec![
        "",
        "priority >= HIGH",
        "tags:a",
        "-tags:a",
        "state = OPEN OR state = NEW",
    ]);
    let one = (some_events(), condition, prop::collection::vec(an_action(), 1..4));
    prop::collection::vec(one, 1..most).prop_map(|all| {
        let number = |(index, (events, condition, actions)): (usize, (Vec<EventKind>, &str, Vec<Action>))| {
            ready(index as u128 + 1, &events, condition, actions)
        };
        all.into_iter().enumerate().map(number).collect()
    })
}

/// What a change sets off, as the log would tell it.
fn tells(change: &Change, after: &Ticket) -> Vec<EventKind> {
    match change {
        Change::Created => vec![EventKind::TicketCreated],
        Change::StateChanged(State::Solved) if after.state != State::Closed => {
            vec![EventKind::StateChanged, EventKind::Reopened]
        }
        Change::StateChanged(_) => vec![EventKind::StateChanged],
        Change::Assigned(_) => vec![EventKind::Assigned],
        Change::Updated(fields) => fields
            .iter()
            .filter_map(|field| match *field {
                "priority" => Some(EventKind::PriorityChanged),
                "queue" => Some(EventKind::QueueChanged),
                "tags" => Some(EventKind::TagsChanged),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever a tenant defines: what one event sets off ends, by the chains alone, without the bound per hour.
    #[test]
    fn no_set_of_automations_makes_an_endless_chain(all in automations(5), first in prop::sample::select(EventKind::ALL)) {
        let (around, ids) = (Surroundings::default(), Ids::default());
        let mut ticket = opened();
        let mut log = VecDeque::from([(vec![first], Cause::default())]);
        let mut looked_at = 0;
        while let Some((what, cause)) = log.pop_front() {
            looked_at += 1;
            // Far more than four automations with three actions can tell without one of them twice in a chain.
            prop_assert!(looked_at < 50_000, "it does not end");
            prop_assert!(cause.0.len() <= DEPTH_MAX);
            let mut once = cause.0.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), cause.0.len(), "nobody is twice in a chain");
            let happening = Happening {
                event: Uuid::nil(),
                seq: 1,
                ticket: ticket.id,
                what,
                moves: false,
                cause: cause.clone(),
                occurred_at: at(0),
                recorded_at: at(0),
            };
            let set_off: Vec<SetOff<'_>> = all
                .iter()
                .filter(|one| one.automation.profile.trigger.fits(&happening).is_some())
                .map(|one| by(one, cause.clone()))
                .collect();
            let setting = Setting { around: &around, ids: &ids, now: at(60) };
            for taken in take_turn(&set_off, &mut ticket, Guard::default(), &[], &setting) {
                for change in &taken.changes {
                    let what = tells(change, &ticket);
                    if !what.is_empty() {
                        log.push_back((what, taken.run.cause.clone()));
                    }
                }
            }
        }
    }

    /// The dry run says what the real run does.
    #[test]
    fn the_dry_run_is_the_real_run(all in automations(2), urgent: bool, runs in 0_u64..40, machine: bool) {
        let (around, ids) = (Surroundings::default(), Ids::default());
        let setting = Setting { around: &around, ids: &ids, now: at(60) };
        let mut ticket = opened();
        if urgent {
            ticket.priority = Priority::Urgent;
        }
        let guard = Guard { runs, replies: 0, answers_machine: machine };
        let before = ticket.clone();
        let set_off = [by(&all[0], Cause::default())];
        let tested = decide(&set_off[0], &ticket, &guard, &setting);
        let real = take_turn(&set_off, &mut ticket, guard, &[], &setting);
        match tested {
            Decided::Run(done) => {
                prop_assert_eq!(real.len(), 1);
                prop_assert_eq!(&done.run.steps, &real[0].run.steps);
                prop_assert_eq!((done.run.outcome, &done.run.reason), (real[0].run.outcome, &real[0].run.reason));
                prop_assert_eq!(changed_fields(&before, &done.ticket), changed_fields(&before, &ticket));
                prop_assert_eq!(done.ticket.message_count, ticket.message_count);
                prop_assert_eq!(done.ticket.revision, ticket.revision);
            }
            _ => {
                prop_assert!(real.is_empty());
                prop_assert_eq!(ticket, before);
            }
        }
    }

    /// Actions on different fields come to the same in any order.
    #[test]
    fn actions_on_different_fields_commute(
        priority in prop::sample::select(Priority::ALL),
        queue in "[a-c]",
        intent in "[a-c]",
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let actions = [Action::SetPriority(priority), Action::SetQueue(queue), Action::SetIntent(intent), tag("a")];
        let outcome = |order: [usize; 4]| {
            let one = ready(1, &[EventKind::TicketCreated], "", order.map(|index| actions[index].clone()).to_vec());
            let ticket = run(decided(&one, &opened(), Guard::default(), Cause::default())).ticket;
            (ticket.priority, ticket.queue, ticket.intent, ticket.tags)
        };
        prop_assert_eq!(outcome(order), outcome([0, 1, 2, 3]));
    }
}
