//! Merging (D8): a merge in force holds for the whole past, an undone one never happened.

use super::*;

const TWO: [&str; 6] = [
    "09:00 ticket_opened ticket=T customer=c channel=email tags=[\"a\",\"b\"]",
    "09:00 message ticket=T actor=customer",
    "09:10 ticket_opened ticket=S customer=c channel=chat",
    "09:10 message ticket=S actor=customer",
    "09:20 message ticket=S actor=agent:a",
    "09:30 merged ticket=S into=T",
];

fn with(more: &[&'static str]) -> Desk {
    let lines: Vec<&str> = TWO.iter().chain(more).copied().collect();
    desk(&lines)
}

#[test]
fn the_conversation_is_the_targets_and_the_contacts_stay() {
    let desk = with(&[
        "09:40 macro_applied ticket=S id=m",
        "10:00 status ticket=T status=solved",
    ]);
    assert_eq!(desk.told("tickets_created").0, Some(1.0));
    assert_eq!(desk.told("contacts").0, Some(2.0));
    // The reply in S answers T's first message.
    assert_eq!(desk.told("first_response_time"), (Some(1_200.0), 1, 0));
    assert_eq!(desk.told("contacts_per_ticket").0, Some(2.0));
    assert_eq!(desk.told("replies_per_ticket").0, Some(1.0));
    // A merged source's uses are its target's.
    assert_eq!(desk.share("workflow_usage/share"), (1.0, 1.0, 0));
    assert_eq!(
        desk.split("tickets_created", Dimension::Tag),
        [("a".to_owned(), 1, 0), ("b".to_owned(), 1, 0)]
    );
}

#[test]
fn undone_it_never_happened() {
    let desk = with(&["10:00 unmerged ticket=S into=T"]);
    assert_eq!(desk.told("tickets_created").0, Some(2.0));
    assert_eq!(desk.told("first_response_time"), (Some(600.0), 1, 1));
}

#[test]
fn merged_again_it_goes_to_the_last_target_and_with_it_into_spam() {
    let more = [
        "09:00 ticket_opened ticket=U customer=c channel=email",
        "10:00 merged ticket=T into=U",
        "10:10 survey_answered ticket=S survey=csat score=5",
    ];
    let desk = with(&more);
    assert_eq!(desk.told("tickets_created").0, Some(1.0));
    assert_eq!(desk.told("first_response_time"), (Some(1_200.0), 1, 0));
    assert_eq!(desk.told("csat").1, 1, "answers of a source stay answers");
    let spam = with(&[more[0], more[1], more[2], "11:00 status ticket=U status=spam"]);
    for id in ["tickets_created", "contacts", "messages", "csat"] {
        assert_eq!(spam.told(id).1, 0, "{id}");
    }
}

#[test]
fn a_wait_that_goes_on_ends_with_the_merge_and_one_that_was_is_counted() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=chat",
        "09:00 ticket_opened ticket=S customer=c channel=chat",
        "09:00 queue_entered ticket=S queue=q",
        "09:01 queue_accepted ticket=S queue=q agent=a",
        "09:05 queue_entered ticket=S queue=q",
        "09:10 merged ticket=S into=T",
    ]);
    assert_eq!(desk.told("queue_wait_time"), (Some(60.0), 1, 0));
    assert_eq!(desk.told("handle_time"), (None, 0, 0));
}
