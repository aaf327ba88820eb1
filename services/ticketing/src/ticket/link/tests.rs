use super::*;
use crate::ticket::tests::{at, opened};

fn ticket(id: u128) -> Ticket {
    Ticket {
        id: Uuid::from_u128(id),
        ..opened()
    }
}

#[test]
fn every_kind_reads_back_from_the_other_side() {
    for kind in LinkKind::ALL {
        assert_eq!(kind.inverse().inverse(), kind);
        assert_eq!(kind.inverse().is_by_hand(), kind.is_by_hand());
        assert_eq!(
            kind.inverse() == kind,
            !kind.is_acyclic(),
            "only what is the same from both sides may go round"
        );
        let stored = serde_json::to_string(&kind).expect("a word");
        assert_eq!(serde_json::from_str::<LinkKind>(&stored).expect("the same"), kind);
    }
}

#[test]
fn a_link_is_on_both_sides_once() {
    let (mut complaint, mut outage) = (ticket(1), ticket(2));
    assert!(link(&mut complaint, &mut outage, LinkKind::CausedBy, at(1)).expect("links"));
    assert!(complaint.is_linked(LinkKind::CausedBy, outage.id));
    assert!(outage.is_linked(LinkKind::Causes, complaint.id));
    let before = (complaint.clone(), outage.clone());
    assert!(!link(&mut complaint, &mut outage, LinkKind::CausedBy, at(2)).expect("links already"));
    assert!(!link(&mut outage, &mut complaint, LinkKind::Causes, at(2)).expect("the same from the other side"));
    assert_eq!((complaint.clone(), outage.clone()), before, "nothing changed");
    assert_eq!((complaint.revision, outage.revision), (2, 2));

    link(&mut complaint, &mut outage, LinkKind::RelatesTo, at(3)).expect("in another way, too");
    unlink(&mut outage, &mut complaint, LinkKind::Causes, at(4)).expect("from either side");
    assert_eq!((complaint.links.len(), outage.links.len()), (1, 1));
    let error = unlink(&mut complaint, &mut outage, LinkKind::CausedBy, at(5)).expect_err("gone");
    assert_eq!(error.reason(), "NOT_LINKED");
}

#[test]
fn a_ticket_is_not_linked_to_itself() {
    let (mut one, mut same) = (ticket(1), ticket(1));
    let error = link(&mut one, &mut same, LinkKind::RelatesTo, at(1)).expect_err("itself");
    assert_eq!(error.reason(), "LINK_TO_ITSELF");
}

#[test]
fn links_are_bounded_and_those_of_the_system_have_room_of_their_own() {
    let mut popular = ticket(1);
    for id in 0..LINKS_MAX as u128 {
        link(&mut ticket(100 + id), &mut popular, LinkKind::CausedBy, at(1)).expect("links");
    }
    let mut one_more = ticket(2);
    let error = link(&mut one_more, &mut popular, LinkKind::Duplicates, at(2)).expect_err("full");
    assert_eq!(error.reason(), "LINKS_TOO_MANY");
    assert_eq!(one_more, ticket(2), "nothing half done");
    for id in 0..LINKS_MAX as u128 {
        link(&mut ticket(1_000 + id), &mut popular, LinkKind::SplitFrom, at(3)).expect("made by the system");
    }
    let error = link(&mut one_more, &mut popular, LinkKind::SplitFrom, at(4)).expect_err("full for good");
    assert_eq!(error.reason(), "LINKS_TOO_MANY");
    assert_eq!(popular.links.len(), 2 * LINKS_MAX);
}

#[test]
fn a_merged_ticket_is_not_linked() {
    let (mut merged, mut other) = (ticket(1), ticket(2));
    merged.merged_into = Some(Uuid::from_u128(3));
    for result in [
        link(&mut merged, &mut other, LinkKind::RelatesTo, at(1)),
        link(&mut other, &mut merged, LinkKind::RelatesTo, at(1)),
        unlink(&mut merged, &mut other, LinkKind::RelatesTo, at(1)).map(|()| true),
    ] {
        assert_eq!(result.expect_err("part of another").reason(), "TICKET_MERGED");
    }
}
