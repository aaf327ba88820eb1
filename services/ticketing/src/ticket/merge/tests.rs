use proptest::prelude::*;

use super::*;
use crate::conversation::{Said, Voice};
use crate::state::State;
use crate::ticket::tests::{at, draft, opened};
use crate::words::{ActorKind, Disposition, Visibility};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Tickets 1 to `count`, of one customer, waiting.
fn family(count: u128) -> Family {
    (1..=count)
        .map(|number| {
            let ticket = Ticket {
                id: id(number),
                number: number as i64,
                ..opened()
            };
            (ticket.id, ticket)
        })
        .collect()
}

fn into(family: &mut Family, target: u128, sources: &[u128]) -> Result<Merge, Error> {
    let sources: Vec<Uuid> = sources.iter().copied().map(id).collect();
    merge(family, id(target), &sources, false, at(10))
}

fn reason(result: Result<Merge, Error>) -> &'static str {
    result.expect_err("refused").reason()
}

#[test]
fn a_merged_ticket_leaves_its_queue_and_comes_back_as_it_was() {
    let mut all = family(2);
    let before = all[&id(1)].clone();
    let done = into(&mut all, 2, &[1]).expect("merges");
    assert_eq!((done.joined.as_slice(), done.wakes), ([id(1)].as_slice(), true));
    let mut source = all.remove(&id(1)).expect("it is there");
    assert_eq!(
        (source.queue_entered_at, source.generation),
        (None, before.generation + 1)
    );
    let late = source.accept("agents/anna", before.generation, at(11), at(11));
    assert_eq!(late.expect_err("the offer is void").reason(), "GENERATION_CHANGED");
    let again = source.accept("agents/anna", source.generation, at(11), at(11));
    assert_eq!(again.expect_err("it waits no more").reason(), "GENERATION_CHANGED");

    assert_eq!(source.leave(at(20)).expect("leaves"), id(2));
    let expected = Ticket {
        generation: before.generation + 2,
        revision: before.revision + 2,
        updated_at: at(20),
        ..before
    };
    assert_eq!(source, expected, "it waits since it had waited");
    assert_eq!(source.leave(at(21)).expect_err("not merged").reason(), "NOT_MERGED");
}

#[test]
fn nothing_is_done_by_hand_to_a_merged_ticket() {
    let mut all = family(2);
    into(&mut all, 2, &[1]).expect("merges");
    let source = all.get_mut(&id(1)).expect("it is there");
    let before = source.clone();
    let fields = crate::ticket::Fields {
        subject: "Other".to_owned(),
        priority: source.priority,
        queue: source.queue.clone(),
        tags: Vec::new(),
        intent: String::new(),
        language: String::new(),
        due_at: None,
        followers: Vec::new(),
        custom_fields: Default::default(),
    };
    let mask = crate::ticket::Mask {
        fields: vec![crate::ticket::Field::Subject],
        ..Default::default()
    };
    let refused = [
        source.change_state(State::Solved, at(11)),
        source.assign(Some("agents/anna"), None, at(11)),
        source.update(&fields, &mask, &Default::default(), at(11)),
        source.dispose(Disposition::Spam, at(11)),
        source.add_message(id(99), draft(ActorKind::Agent, Visibility::Public), None, at(11)),
        source.add_message(id(99), draft(ActorKind::Customer, Visibility::Public), None, at(11)),
        source.check_splits(1).map(|()| Vec::new()),
    ];
    for result in refused {
        let error = result.expect_err("part of another");
        assert_eq!(error.reason(), "TICKET_MERGED");
        assert!(error.metadata().contains(&("merged_into", names::ticket(id(2)))));
    }
    assert_eq!(*source, before);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut all = family(4);
    assert_eq!(reason(into(&mut all, 1, &[1])), "MERGE_INTO_ITSELF");
    into(&mut all, 2, &[1]).expect("merges");
    into(&mut all, 3, &[2]).expect("merges on");
    assert_eq!(reason(into(&mut all, 1, &[2])), "MERGE_CIRCLE");
    assert_eq!(reason(into(&mut all, 1, &[3])), "MERGE_CIRCLE", "also through others");
    let closed = all.get_mut(&id(4)).expect("it is there");
    closed.change_state(State::Closed, at(5)).expect("closes");
    assert_eq!(reason(into(&mut all, 3, &[4])), "TICKET_CLOSED");
    assert_eq!(
        reason(into(&mut family_with_closed(), 2, &[3])),
        "TICKET_CLOSED",
        "the last of the chain is closed"
    );

    let mut all = family(2);
    all.get_mut(&id(1)).expect("it is there").customer = id(50);
    assert_eq!(reason(into(&mut all, 2, &[1])), "DIFFERENT_CUSTOMERS");
    let done = merge(&mut all, id(2), &[id(1)], true, at(10)).expect("is meant");
    assert_eq!(done.joined, [id(1)]);
}

/// 2 is part of 1, which was closed afterwards.
fn family_with_closed() -> Family {
    let mut all = family(3);
    into(&mut all, 1, &[2]).expect("merges");
    let closed = all.get_mut(&id(1)).expect("it is there");
    closed.change_state(State::Closed, at(11)).expect("closes");
    all
}

#[test]
fn a_ticket_merged_again_leaves_its_first_target() {
    let mut all = family(4);
    into(&mut all, 2, &[1]).expect("merges");
    into(&mut all, 3, &[2]).expect("merges on");
    assert_eq!(last_of(&all, id(1)).expect("leads on"), id(3));
    let same = into(&mut all, 2, &[1]).expect("nothing to do");
    assert_eq!(same, Merge::default());
    let waited = all[&id(1)].kept_wait;
    let done = into(&mut all, 4, &[1]).expect("merges again");
    assert_eq!(done.left, BTreeMap::from([(id(1), (id(3), id(2)))]));
    let source = &all[&id(1)];
    assert_eq!(
        (source.merged_into, source.kept_wait, source.queue_entered_at),
        (Some(id(4)), waited, None)
    );
}

/// A source that somebody has to answer wakes a target that waits for others; one that is done does not.
#[test]
fn what_a_source_owes_the_target_owes() {
    for (of_source, of_target, wakes) in [
        (State::New, State::Solved, true),
        (State::Open, State::Pending, true),
        (State::New, State::OnHold, true),
        (State::New, State::Open, false),
        (State::Solved, State::Solved, false),
        (State::Pending, State::Solved, false),
    ] {
        let mut all = family(2);
        let mut become_state = |number, state| {
            let ticket = all.get_mut(&id(number)).expect("it is there");
            if state != State::New {
                ticket.change_state(state, at(5)).expect("changes");
            }
        };
        become_state(1, of_source);
        become_state(2, of_target);
        let done = into(&mut all, 2, &[1]).expect("merges");
        let target = all.get_mut(&id(2)).expect("it is there");
        let changes = target.hear(&Conversation::default(), done.wakes, at(11));
        let expected = if wakes { State::Open } else { of_target };
        assert_eq!(target.state, expected, "{of_source} into {of_target}");
        assert_eq!(changes.is_empty(), !wakes);
        assert_eq!(target.queue_entered_at.is_some(), target.state.needs_work());
    }
}

#[test]
fn what_a_machine_wrote_wakes_nothing() {
    for (contacted_at, wakes) in [(None, false), (Some(at(1)), true)] {
        let mut all = family(2);
        let bounce = all.get_mut(&id(1)).expect("it is there");
        (bounce.automated, bounce.contacted_at) = (true, contacted_at);
        assert_eq!(into(&mut all, 2, &[1]).expect("merges").wakes, wakes);
    }
}

#[test]
fn first_response_is_that_of_the_whole_conversation() {
    let mut target = opened();
    let said = |number: u128, second, voice| Said {
        message: id(number),
        ticket: id(1),
        at: at(second),
        voice,
    };
    let conversation = Conversation::new(vec![said(1, 5, Voice::Customer), said(2, 30, Voice::Reply)]);
    target.hear(&conversation, false, at(40));
    assert_eq!(
        (target.contacted_at, target.first_replied_at),
        (Some(at(5)), Some(at(30)))
    );
    target.hear(&Conversation::default(), false, at(50));
    assert_eq!(
        (target.contacted_at, target.first_replied_at),
        (None, None),
        "an undone merge never happened"
    );
}

#[derive(Debug, Clone)]
enum Deed {
    Merge(u128, Vec<u128>),
    Unmerge(u128),
}

fn deed() -> impl Strategy<Value = Deed> {
    let one = || 1..=7u128;
    prop_oneof![
        3 => (one(), proptest::collection::vec(one(), 1..4)).prop_map(|(target, sources)| Deed::Merge(target, sources)),
        1 => one().prop_map(Deed::Unmerge),
    ]
}

proptest! {
    /// Whatever is merged and unmerged in whatever order: nothing leads in a circle, a refused merge is wholly refused by whoever
    /// throws the family away, and undoing everything gives back what was.
    #[test]
    fn merges_never_go_round_and_undo_exactly(deeds in proptest::collection::vec(deed(), 0..40)) {
        let mut all = family(7);
        let untouched = all.clone();
        for deed in &deeds {
            let mut tried = all.clone();
            let done = match deed {
                Deed::Merge(target, sources) => into(&mut tried, *target, sources).map(drop),
                Deed::Unmerge(source) => tried.get_mut(&id(*source)).expect("it is there").leave(at(12)).map(drop),
            };
            if done.is_ok() {
                all = tried;
            }
            for (id, ticket) in &all {
                let end = last_of(&all, *id).expect("every chain ends");
                prop_assert_eq!(end == *id, ticket.merged_into.is_none());
                prop_assert_eq!(ticket.queue_entered_at.is_some(), ticket.merged_into.is_none());
            }
        }
        for ticket in all.values_mut().filter(|ticket| ticket.merged_into.is_some()) {
            ticket.leave(at(13)).expect("leaves");
        }
        for (id, ticket) in all {
            let before = &untouched[&id];
            let expected = Ticket { generation: ticket.generation, revision: ticket.revision, updated_at: ticket.updated_at, ..before.clone() };
            prop_assert_eq!(ticket, expected);
        }
    }
}

#[test]
fn what_is_set_aside_is_part_of_nothing() {
    for aside in [1, 2] {
        let mut all = family(2);
        let ticket = all.get_mut(&id(aside)).expect("it is there");
        ticket.dispose(Disposition::Spam, at(10)).expect("marks");
        let error = into(&mut all, 2, &[1]).expect_err("set aside");
        assert_eq!(error.reason(), "TICKET_SET_ASIDE");
    }
}
