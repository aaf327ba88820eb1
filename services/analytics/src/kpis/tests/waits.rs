//! Waiting in queues.

use super::*;

fn entered<'a>(ticket: &'a str, queue: &'a str) -> Event<'a> {
    Event::QueueEntered { ticket, queue }
}

fn accepted<'a>(ticket: &'a str, queue: &'a str, agent: &'a str) -> Event<'a> {
    Event::QueueAccepted {
        ticket,
        queue,
        agent,
        by_hand: false,
    }
}

#[test]
fn moving_a_contact_never_changes_its_wait() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "chat"), entered("t", "chat")])
        .at(2, &[entered("t", "returns")])
        .at(3, &[entered("t", "returns")])
        .at(9, &[accepted("t", "returns", "ada")]);
    assert_eq!(desk.figures("queue_wait_time").value, minutes(9.0));
    assert_eq!(
        desk.split("queue_wait_time", Dimension::Queue),
        [("returns".to_owned(), minutes(9.0), 1, 0)]
    );
    assert_eq!(
        desk.split("queue_wait_time", Dimension::Agent),
        [("ada".to_owned(), minutes(9.0), 1, 0)]
    );
    let waiting = desk.figures_at("queue_wait_time", 8);
    assert_eq!((waiting.value, waiting.open), (None, 1));
}

#[test]
fn leaving_solving_and_accepting_out_of_nowhere_are_no_waits() {
    let mut desk = Desk::default();
    desk.at(
        0,
        &[opened("left", "chat"), entered("left", "q"), opened("out", "chat")],
    )
    .at(0, &[opened("solved", "chat"), entered("solved", "q")])
    .at(
        1,
        &[Event::QueueLeft { ticket: "left" }, status("solved", Status::Solved)],
    )
    .at(2, &[accepted("out", "q", "ada"), accepted("solved", "q", "ada")]);
    let figures = desk.figures("queue_wait_time");
    assert_eq!((figures.value, figures.count, figures.open), (None, 0, 0));
    // It can wait again.
    desk.at(5, &[status("solved", Status::Open), entered("solved", "q")])
        .at(6, &[accepted("solved", "q", "ada")]);
    assert_eq!(desk.figures("queue_wait_time").value, minutes(1.0));
}

#[test]
fn a_merged_ticket_keeps_the_waits_it_had_but_waits_no_more() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("a", "chat"), opened("b", "chat"), entered("b", "q")])
        .at(4, &[accepted("b", "q", "ada")])
        .at(5, &[entered("b", "q")])
        .at(6, &[Event::Merged { ticket: "b", into: "a" }]);
    let figures = desk.figures("queue_wait_time");
    assert_eq!((figures.value, figures.count, figures.open), (minutes(4.0), 1, 0));
}

#[test]
fn quantiles_and_the_interval_come_with_the_mean() {
    let mut desk = Desk::default();
    for (ticket, wait) in [("a", 30), ("b", 140), ("c", 10)] {
        desk.at(0, &[opened(ticket, "chat"), entered(ticket, "q")])
            .at(wait, &[accepted(ticket, "q", "ada")]);
    }
    let figures = desk.figures("queue_wait_time");
    assert_eq!(
        (figures.value, figures.sum, figures.count),
        (minutes(60.0), minutes(180.0), 3)
    );
    assert_eq!(figures.median, minutes(30.0));
    // Position 2 × 0.95 = 1.9 between 30 and 140 minutes.
    assert!((figures.p95.expect("three waits") - 129.0 * 60.0).abs() < 1e-6);
    assert!((figures.low.expect("three waits") + 19.211_001_386 * 60.0).abs() < 1e-5);
    assert!((figures.high.expect("three waits") - 139.211_001_386 * 60.0).abs() < 1e-5);
}
