//! Queues and work (D26–D28, D56).

use super::*;

#[test]
fn five_seconds_are_short_and_a_microsecond_more_is_not() {
    for (left, expected) in [("09:00:05", (0.0, 0.0, 0)), ("09:00:05.000001", (1.0, 1.0, 0))] {
        let left = format!("{left} queue_left ticket=T queue=q");
        let desk = desk(&[
            "09:00:00 ticket_opened ticket=T customer=c channel=chat",
            "09:00:00 queue_entered ticket=T queue=q",
            &left,
        ]);
        assert_eq!(desk.share("abandonment_rate"), expected, "{left}");
    }
}

#[test]
fn a_solve_ends_a_wait_that_is_then_in_no_figure() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=chat",
        "09:00 queue_entered ticket=T queue=q",
        "09:10 status ticket=T status=solved",
        "09:20 queue_accepted ticket=T queue=q agent=a",
    ]);
    assert_eq!(desk.told("queue_wait_time"), (None, 0, 0));
    assert_eq!(desk.share("abandonment_rate"), (0.0, 0.0, 0));
}

#[test]
fn a_customer_gives_up_by_leaving_for_good_or_by_closing() {
    let cases: [(&str, &[&str], (f64, f64)); 6] = [
        ("left", &["09:01 queue_left ticket=T queue=q"], (1.0, 1.0)),
        (
            "left, and answered after",
            &[
                "09:01 queue_left ticket=T queue=q",
                "09:05 message ticket=T actor=agent:a",
            ],
            (0.0, 1.0),
        ),
        (
            "left, came again and was accepted",
            &[
                "09:01 queue_left ticket=T queue=q",
                "09:02 queue_entered ticket=T queue=q",
                "09:03 queue_accepted ticket=T queue=q agent=a",
            ],
            (0.0, 1.0),
        ),
        (
            "short only, and nothing after",
            &["09:00:03 queue_left ticket=T queue=q"],
            (0.0, 0.0),
        ),
        (
            "short, but wrote after it",
            &[
                "09:00:03 queue_left ticket=T queue=q",
                "09:01 message ticket=T actor=customer",
            ],
            (0.0, 1.0),
        ),
        (
            "closed by the customer",
            &[
                "09:01 queue_accepted ticket=T queue=q agent=a",
                "09:02 status ticket=T status=closed actor=customer",
            ],
            (1.0, 1.0),
        ),
    ];
    for (name, more, expected) in cases {
        let mut lines = vec![
            "09:00 ticket_opened ticket=T customer=c channel=chat",
            "09:00 queue_entered ticket=T queue=q",
        ];
        lines.extend(more);
        let (numerator, denominator, _) = desk(&lines).share("abandonment_rate/before_resolution");
        assert_eq!((numerator, denominator), expected, "{name}");
    }
}

#[test]
fn a_wrap_up_belongs_to_the_same_agents_last_accept() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=phone",
        "09:00 queue_accepted ticket=T queue=q agent=a",
        "09:10 queue_accepted ticket=T queue=q agent=b",
        "09:20 wrap_up_ended ticket=T agent=a talk_seconds=60 hold_seconds=0",
        "09:30 wrap_up_ended ticket=T agent=x talk_seconds=90",
    ]);
    // a: 20 minutes. x accepted nothing: no handle time, but the source's own seconds count. b goes on.
    assert_eq!(desk.told("handle_time"), (Some(1_200.0), 1, 1));
    assert_eq!(desk.told("handle_time/talk"), (Some(75.0), 2, 0));
    assert_eq!(desk.told("handle_time/hold"), (Some(0.0), 1, 0));
    assert_eq!(
        desk.split("handle_time", Dimension::Agent),
        [("a".to_owned(), 1, 0), ("b".to_owned(), 0, 1)]
    );
}

#[test]
fn a_wrap_up_takes_an_accept_that_names_nobody() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 queue_accepted ticket=T queue=q",
        "09:20 wrap_up_ended ticket=T agent=a talk_seconds=60",
    ]);
    assert_eq!(desk.told("handle_time"), (Some(1_200.0), 1, 0));
    // Seconds of talking are asked for phone and chat only.
    assert_eq!(desk.told("handle_time/talk"), (None, 0, 0));
}

#[test]
fn in_the_second_of_leaving_the_order_of_the_lines_decides() {
    let given_up = |last: [&'static str; 2]| {
        let mut lines = vec![
            "09:00 ticket_opened ticket=T customer=c channel=chat",
            "09:00 message ticket=T actor=customer",
            "09:00 queue_entered ticket=T queue=q",
        ];
        lines.extend(last);
        let (numerator, denominator, _) = desk(&lines).share("abandonment_rate/before_resolution");
        (numerator, denominator)
    };
    let (left, replied) = (
        "09:01 queue_left ticket=T queue=q",
        "09:01 message ticket=T actor=agent:a",
    );
    assert_eq!(given_up([left, replied]), (0.0, 1.0), "a reply came after");
    assert_eq!(given_up([replied, left]), (1.0, 1.0), "it had come before");
    // Short abandons only, and the customer's message in the same second: before the leaving it says nothing more.
    let (soon, wrote) = (
        "09:00:04 queue_left ticket=T queue=q",
        "09:00:04 message ticket=T actor=customer",
    );
    assert_eq!(given_up([wrote, soon]), (0.0, 0.0), "in neither side");
    assert_eq!(given_up([soon, wrote]), (0.0, 1.0), "the customer went on");
}
