//! Solves, reopens, what is open (D6, D7, D12–D16).

use super::*;

#[test]
fn pending_and_on_hold_reopen_and_closed_does_not() {
    for (status, reopened) in [
        ("open", 1.0),
        ("pending", 1.0),
        ("on_hold", 1.0),
        ("closed", 0.0),
        ("solved", 0.0),
    ] {
        let next = format!("09:20 status ticket=T status={status}");
        let desk = desk(&[
            "09:00 ticket_opened ticket=T customer=c channel=email",
            "09:10 status ticket=T status=solved",
            &next,
        ]);
        assert_eq!(desk.share("reopen_rate"), (reopened, 1.0, 0), "{status}");
        assert_eq!(desk.told("tickets_solved").0, Some(1.0 - reopened), "{status}");
        assert_eq!(desk.told("tickets_open").0, Some(reopened), "{status}");
        // Counted at the first solve, and it stays there even while the ticket is open again.
        assert_eq!(desk.told("first_resolution_time"), (Some(600.0), 1, 0), "{status}");
    }
}

#[test]
fn closed_without_a_solve_is_neither_solved_nor_open() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:10 status ticket=T status=closed",
        "10:00 ticket_opened ticket=U customer=c channel=email",
    ]);
    assert_eq!(desk.told("tickets_open").0, Some(1.0));
    assert_eq!(desk.told("full_resolution_time"), (None, 0, 1));
    assert_eq!(desk.share("one_touch_rate/of_all"), (0.0, 2.0, 0));
}

#[test]
fn spam_is_in_nothing_and_what_was_spam_for_a_while_is_out_of_the_backlog_meanwhile() {
    let lines = [
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 status ticket=T status=spam",
        "09:20 status ticket=T status=open",
    ];
    let desk = desk(&lines);
    assert_eq!(desk.total_at("contacts", "09:15:00").value, Some(0.0));
    assert_eq!(desk.total("contacts").value, Some(1.0));
    let open = |time: &str| {
        let kpi = kpis::find("tickets_open").expect("known");
        let query = Query {
            kpi,
            variant: &kpi.variants[0],
            clock: Clock::Elapsed,
            from: first_day(),
            to: desk.at(time),
            zone: Tz::UTC,
            grain: None,
            by: &[],
            filters: &[],
        };
        let as_of = desk.facts.last().expect("a history");
        query::run(&View::new(&desk.facts, as_of), &query).total.value
    };
    assert_eq!(
        open("09:00:00"),
        Some(0.0),
        "what is dated before the end is in, what is dated at it is not"
    );
    assert_eq!(open("09:05:00"), Some(1.0));
    assert_eq!(open("09:15:00"), Some(0.0));
    assert_eq!(open("09:20:01"), Some(1.0));
}

#[test]
fn status_times_stand_still_while_solved_and_pending() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:10 status ticket=T status=pending",
        "09:30 status ticket=T status=on_hold",
        "09:40 status ticket=T status=solved",
        "10:40 status ticket=T status=open",
        "10:45 status ticket=T status=solved",
    ]);
    assert_eq!(desk.told("agent_work_time").0, Some(900.0));
    assert_eq!(desk.told("on_hold_time").0, Some(600.0));
    assert_eq!(desk.told("customer_wait_time").0, Some(1_500.0));
    assert_eq!(desk.told("full_resolution_time").0, Some(6_300.0));
}

#[test]
fn without_a_calendar_nothing_is_measured_or_open_on_the_business_clock() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
    ])
    .business();
    for id in [
        "first_response_time",
        "response_time",
        "full_resolution_time",
        "agent_work_time",
    ] {
        assert_eq!(desk.told(id), (None, 0, 0), "{id}");
    }
    // What measures no duration is the same on both clocks.
    assert_eq!(desk.told("replies_per_ticket"), (None, 0, 1));
}
