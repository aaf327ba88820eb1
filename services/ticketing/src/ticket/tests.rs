use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::words::{Actor, Visibility};

pub const ANNA: &str = "agents/anna";
const BEN: &str = "agents/ben";

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn fields() -> Fields {
    Fields {
        subject: "Printer on fire".to_owned(),
        priority: Priority::Normal,
        queue: QUEUE_DEFAULT.to_owned(),
        tags: Vec::new(),
        intent: String::new(),
        language: String::new(),
        due_at: None,
        followers: Vec::new(),
        custom_fields: CustomFields::new(),
    }
}

fn only(field: Field) -> Mask {
    Mask {
        fields: vec![field],
        ..Mask::default()
    }
}

pub fn opened() -> Ticket {
    let opening = Opening {
        id: Uuid::from_u128(1),
        number: 1,
        customer: Uuid::from_u128(2),
        tier: "standard".to_owned(),
        organization: None,
        channel: Channel::Email,
        follow_up_of: None,
        split_from: None,
        automated: false,
        opened_at: None,
        fields: fields(),
    };
    Ticket::open(opening, at(0))
}

pub fn draft(kind: ActorKind, visibility: Visibility) -> Draft {
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
        occurred_at: None,
        external_id: String::new(),
        automated: false,
        from_macro: None,
        failed_recipients: Vec::new(),
    }
}

pub fn contact(ticket: &mut Ticket, second: i64) -> Vec<Change> {
    let draft = draft(ActorKind::Customer, Visibility::Public);
    ticket
        .add_message(Uuid::from_u128(9), draft, None, at(second))
        .expect("open tickets take messages")
}

pub fn reply(ticket: &mut Ticket, wanted: Option<State>, second: i64) -> Result<Vec<Change>, Error> {
    let draft = draft(ActorKind::Agent, Visibility::Public);
    ticket.add_message(Uuid::from_u128(8), draft, wanted.map(Wanted::from), at(second))
}

#[test]
fn a_new_ticket_waits() {
    let ticket = opened();
    assert_eq!(
        (ticket.state, ticket.queue_entered_at, ticket.generation),
        (State::New, Some(at(0)), 1)
    );
}

#[test]
fn the_first_reply_after_a_contact_is_the_first_reply() {
    let mut ticket = opened();
    reply(&mut ticket, None, 1).expect("replies");
    assert_eq!(ticket.first_replied_at, None, "nobody had asked yet");
    contact(&mut ticket, 2);
    let note = draft(ActorKind::Agent, Visibility::Internal);
    ticket
        .add_message(Uuid::from_u128(7), note, None, at(3))
        .expect("notes");
    let robot = draft(ActorKind::Automation, Visibility::Public);
    ticket
        .add_message(Uuid::from_u128(6), robot, None, at(4))
        .expect("answers by itself");
    assert_eq!(ticket.first_replied_at, None, "neither a note nor a machine replies");
    reply(&mut ticket, None, 5).expect("replies");
    reply(&mut ticket, None, 6).expect("replies");
    assert_eq!(ticket.first_replied_at, Some(at(5)));
    assert_eq!(ticket.message_count, 6);
}

#[test]
fn a_contact_reopens_a_solved_ticket_and_its_agent_keeps_it() {
    let mut ticket = opened();
    ticket.assign(Some(ANNA), None, at(1)).expect("assigns");
    ticket.change_state(State::Solved, at(2)).expect("solves");
    assert_eq!((ticket.solved_at, ticket.solve_count), (Some(at(2)), 1));
    let changes = contact(&mut ticket, 3);
    assert!(matches!(
        changes.as_slice(),
        [Change::Message(_), Change::StateChanged(State::Solved)]
    ));
    assert_eq!((ticket.solved_at, ticket.queue_entered_at), (None, None));
    assert_eq!(ticket.assignee.as_deref(), Some(ANNA));
}

#[test]
fn a_contact_reopens_an_unassigned_ticket_into_its_queue() {
    let mut ticket = opened();
    ticket.change_state(State::Solved, at(1)).expect("solves");
    assert_eq!(ticket.queue_entered_at, None);
    let changes = contact(&mut ticket, 2);
    assert!(matches!(changes.last(), Some(Change::Queued)));
    assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(2)), 2));
}

#[test]
fn what_a_machine_writes_wakes_nothing() {
    let mut ticket = opened();
    ticket.change_state(State::Solved, at(1)).expect("solves");
    let bounce = draft(ActorKind::Automation, Visibility::Public);
    let changes = ticket
        .add_message(Uuid::from_u128(9), bounce, None, at(2))
        .expect("is added");
    assert!(matches!(changes.as_slice(), [Change::Message(_)]));
    assert_eq!(ticket.state, State::Solved);
}

#[test]
fn an_accept_needs_the_generation_that_was_offered() {
    let mut ticket = opened();
    let late = ticket.accept(ANNA, 7, at(1), at(1)).expect_err("another generation");
    assert_eq!(late.reason(), "GENERATION_CHANGED");
    let changes = ticket.accept(ANNA, 1, at(5), at(6)).expect("as offered");
    let [Change::Assigned(assignment)] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (assignment.queue_entered_at, assignment.accepted_at),
        (Some(at(0)), at(5))
    );
    assert!(ticket.accept(BEN, 1, at(6), at(6)).is_err(), "somebody has it");
    assert!(ticket.accept(BEN, 2, at(6), at(6)).is_err(), "it does not wait");
}

#[test]
fn a_ticket_that_left_its_queue_cannot_be_accepted_any_more() {
    let mut ticket = opened();
    ticket.change_state(State::Pending, at(1)).expect("parks");
    assert_eq!(
        ticket
            .accept(ANNA, 1, at(2), at(2))
            .expect_err("waits no more")
            .reason(),
        "GENERATION_CHANGED"
    );
}

#[test]
fn a_wait_is_never_negative_and_never_from_the_future() {
    let mut early = opened();
    let changes = early.accept(ANNA, 1, at(-60), at(1)).expect("accepts");
    assert!(
        matches!(&changes[0], Change::Assigned(one) if one.accepted_at == at(0)),
        "{changes:?}"
    );
    let mut late = opened();
    let changes = late.accept(ANNA, 1, at(60), at(1)).expect("accepts");
    assert!(
        matches!(&changes[0], Change::Assigned(one) if one.accepted_at == at(1)),
        "{changes:?}"
    );
}

#[test]
fn a_manual_assignment_beats_an_offer_under_way() {
    let mut ticket = opened();
    let offered = ticket.generation;
    ticket.assign(Some(BEN), None, at(1)).expect("assigns");
    assert!(ticket.accept(ANNA, offered, at(2), at(2)).is_err());
    assert_eq!(ticket.assignee.as_deref(), Some(BEN));
}

#[test]
fn moving_a_waiting_ticket_keeps_its_wait_and_voids_offers() {
    let mut ticket = opened();
    let moved = Fields {
        queue: "billing".to_owned(),
        ..fields()
    };
    let changes = ticket
        .update(&moved, &only(Field::Queue), &Definitions::default(), at(5))
        .expect("moves");
    assert!(matches!(changes.as_slice(), [Change::Updated(_), Change::Queued]));
    assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(0)), 2));
    let changes = ticket.assign(None, Some("tier-2"), at(6)).expect("moves");
    assert!(matches!(changes.as_slice(), [Change::Updated(_), Change::Queued]));
    assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(0)), 3));
}

#[test]
fn giving_back_starts_a_new_wait_if_somebody_has_to_act() {
    let mut ticket = opened();
    ticket.assign(Some(ANNA), None, at(1)).expect("assigns");
    let changes = ticket.assign(None, None, at(2)).expect("gives back");
    assert_eq!(changes, [Change::Queued]);
    assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(2)), 3));

    ticket.assign(Some(ANNA), None, at(3)).expect("assigns");
    ticket
        .change_state(State::Pending, at(4))
        .expect("waits for the customer");
    let changes = ticket.assign(None, None, at(5)).expect("gives back");
    assert_eq!(changes, [Change::Updated(vec!["assignee"])]);
    assert_eq!(ticket.queue_entered_at, None);
    contact(&mut ticket, 6);
    assert_eq!(ticket.queue_entered_at, Some(at(6)), "now somebody has to act");
}

#[test]
fn a_reply_may_set_the_state_in_one_step() {
    let mut ticket = opened();
    let changes = reply(&mut ticket, Some(State::Pending), 1).expect("replies");
    assert!(matches!(
        changes.as_slice(),
        [Change::Message(_), Change::StateChanged(State::New)]
    ));
    assert_eq!(
        (ticket.state, ticket.queue_entered_at, ticket.revision),
        (State::Pending, None, 2)
    );
}

#[test]
fn a_closed_ticket_takes_nothing() {
    let mut ticket = opened();
    ticket.change_state(State::Solved, at(1)).expect("solves");
    ticket.change_state(State::Closed, at(2)).expect("closes");
    assert_eq!(ticket.solved_at, Some(at(1)), "closing leaves it solved");
    assert_eq!(
        reply(&mut ticket, None, 3).expect_err("closed").reason(),
        "TICKET_CLOSED"
    );
    assert_eq!(
        ticket.assign(Some(ANNA), None, at(3)).expect_err("closed").reason(),
        "TICKET_CLOSED"
    );
    assert_eq!(
        ticket.change_state(State::Open, at(3)).expect_err("closed").reason(),
        "TRANSITION_NOT_ALLOWED"
    );
    assert_eq!(
        ticket
            .update(&fields(), &only(Field::Subject), &Definitions::default(), at(3))
            .expect_err("closed")
            .reason(),
        "TICKET_CLOSED"
    );
}

#[test]
fn an_etag_mismatch_names_the_newest_message() {
    let mut ticket = opened();
    contact(&mut ticket, 1);
    assert!(ticket.check_etag("").is_ok());
    assert!(ticket.check_etag("\"2\"").is_ok());
    let error = ticket.check_etag("\"1\"").expect_err("somebody was faster");
    assert_eq!(error.reason(), "ETAG_MISMATCH");
    assert!(
        error
            .metadata()
            .iter()
            .any(|(key, value)| *key == "newest_message" && value.contains("/messages/"))
    );
}

/// Everything that can be done to a ticket.
#[derive(Debug, Clone)]
enum Deed {
    Contact,
    Machine,
    Note,
    Reply(Option<State>),
    Become(State),
    Assign(Option<&'static str>, Option<&'static str>),
    Accept(i64),
    Move(&'static str),
    Merge,
    Unmerge,
    Dispose(Disposition),
}

fn deed() -> impl Strategy<Value = Deed> {
    let state = || proptest::sample::select(State::ALL.to_vec());
    let queue = || proptest::sample::select(vec!["default", "billing"]);
    prop_oneof![
        Just(Deed::Contact),
        Just(Deed::Machine),
        Just(Deed::Note),
        proptest::option::of(state()).prop_map(Deed::Reply),
        state().prop_map(Deed::Become),
        (
            proptest::option::of(proptest::sample::select(vec![ANNA, BEN])),
            proptest::option::of(queue())
        )
            .prop_map(|(agent, queue)| Deed::Assign(agent, queue)),
        (-1..=0i64).prop_map(Deed::Accept),
        queue().prop_map(Deed::Move),
        Just(Deed::Merge),
        Just(Deed::Unmerge),
        proptest::sample::select(Disposition::ALL.to_vec()).prop_map(Deed::Dispose),
    ]
}

fn commit(ticket: &mut Ticket, deed: &Deed, now: DateTime<Utc>) -> Result<Vec<Change>, Error> {
    let id = Uuid::from_u128(99);
    match deed {
        Deed::Contact => ticket.add_message(id, draft(ActorKind::Customer, Visibility::Public), None, now),
        Deed::Machine => ticket.add_message(id, draft(ActorKind::Automation, Visibility::Public), None, now),
        Deed::Note => ticket.add_message(id, draft(ActorKind::Agent, Visibility::Internal), None, now),
        Deed::Reply(wanted) => ticket.add_message(
            id,
            draft(ActorKind::Agent, Visibility::Public),
            wanted.map(Wanted::from),
            now,
        ),
        Deed::Become(state) => ticket.change_state(*state, now),
        Deed::Assign(agent, queue) => ticket.assign(*agent, *queue, now),
        Deed::Accept(off) => ticket.accept(BEN, ticket.generation + off, now, now),
        Deed::Move(queue) => ticket.update(
            &Fields {
                queue: (*queue).to_owned(),
                ..fields()
            },
            &only(Field::Queue),
            &Definitions::default(),
            now,
        ),
        Deed::Merge => {
            let target = Ticket {
                id: Uuid::from_u128(77),
                ..opened()
            };
            let source = ticket.id;
            let mut family = BTreeMap::from([(source, ticket.clone()), (target.id, target.clone())]);
            merge::merge(&mut family, target.id, &[source], false, now)?;
            let merged = family.remove(&source).expect("it was there");
            let changes = if merged == *ticket {
                vec![]
            } else {
                vec![Change::Merged(Box::new(target))]
            };
            *ticket = merged;
            Ok(changes)
        }
        Deed::Unmerge => {
            let direct = ticket.leave(now)?;
            Ok(vec![Change::Unmerged(Box::new(opened()), direct)])
        }
        Deed::Dispose(disposition) => ticket.dispose(*disposition, now),
    }
}

proptest! {
    /// The invariants of the module's head, whatever is done in whatever order.
    #[test]
    fn invariants_hold_after_everything(deeds in proptest::collection::vec(deed(), 0..60)) {
        let mut ticket = opened();
        let mut solves = 0;
        for (second, deed) in (1..).zip(&deeds) {
            let before = ticket.clone();
            let result = commit(&mut ticket, deed, at(second));
            let Ok(changes) = result else {
                prop_assert_eq!(&ticket, &before, "a refused deed changes nothing");
                continue;
            };
            prop_assert_eq!(changes.is_empty(), ticket == before, "what changed is told: {:?}", deed);
            prop_assert_eq!(ticket.revision, before.revision + i64::from(!changes.is_empty()));
            let is_own = ticket.merged_into.is_none();
            let counts = ticket.disposition == Disposition::Normal;
            let waits = ticket.assignee.is_none() && ticket.state.needs_work() && is_own && counts;
            prop_assert_eq!(ticket.queue_entered_at.is_some(), waits, "{:?}", deed);
            let rises = changes
                .iter()
                .filter(|one| {
                    matches!(one, Change::Queued | Change::Assigned(_) | Change::Merged(_) | Change::Unmerged(..))
                })
                .count();
            prop_assert_eq!(ticket.generation, before.generation + rises as i64);
            prop_assert!(rises <= 1);
            if !is_own && before.merged_into.is_some() {
                prop_assert_eq!(&ticket, &before, "what is part of another ticket does not change: {:?}", deed);
            }
            if let (Some(_), true) = (before.merged_into, is_own) {
                let again = Ticket {
                    queue_entered_at: before.kept_wait,
                    kept_wait: None,
                    merged_into: None,
                    generation: before.generation + 1,
                    revision: before.revision + 1,
                    updated_at: ticket.updated_at,
                    ..before.clone()
                };
                prop_assert_eq!(&ticket, &again, "an unmerge gives back what was");
            }
            if ticket.queue != before.queue && ticket.queue_entered_at.is_some() {
                prop_assert!(ticket.generation > before.generation, "an offer of the old queue is void");
            }
            if before.queue_entered_at.is_some() && ticket.queue_entered_at.is_some() {
                prop_assert_eq!(ticket.queue_entered_at, before.queue_entered_at, "a wait is never restarted");
            }
            if !counts && before.disposition == ticket.disposition {
                let contact = matches!(deed, Deed::Contact) || changes.is_empty();
                prop_assert!(contact, "nobody works on what is set aside: {:?}", deed);
            }
            solves += i32::from(before.state != State::Solved && ticket.state == State::Solved);
            prop_assert_eq!(ticket.solve_count, solves);
            if ticket.state == State::Solved {
                prop_assert!(ticket.solved_at.is_some());
            }
            if ticket.state != before.state {
                prop_assert!(changes.contains(&Change::StateChanged(before.state)));
            }
            let assigned = changes.iter().any(|one| matches!(one, Change::Assigned(_)));
            prop_assert_eq!(assigned, ticket.assignee.is_some() && ticket.assignee != before.assignee);
        }
    }
}
