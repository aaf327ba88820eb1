//! Promises (D23, D24, D31–D35).

use super::*;

const HOUR: &str = "targets=[{\"metric\":\"first_response\",\"seconds\":3600,\"clock\":\"elapsed\"}]";

fn with(policy: &str, lines: &[&str]) -> Desk {
    let mut all = vec![policy.to_owned()];
    all.extend(lines.iter().map(|line| (*line).to_owned()));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    desk(&all)
}

#[test]
fn one_hour_from_nine_at_the_edge_second() {
    let policy = format!("00:00 sla_policy id=p {HOUR}");
    let opened = "09:00 ticket_opened ticket=T customer=c channel=email";
    let asks = "09:00 message ticket=T actor=customer";
    for (reply, expected) in [("10:00:00", (1.0, 1.0, 0)), ("10:00:01", (0.0, 1.0, 0))] {
        let reply = format!("{reply} message ticket=T actor=agent:a");
        assert_eq!(
            with(&policy, &[opened, asks, &reply]).share("sla_attainment"),
            expected,
            "{reply}"
        );
    }
    let none = with(&policy, &[opened, asks]);
    for (time, expected) in [
        ("09:59:59", (0.0, 0.0, 1)),
        ("10:00:00", (0.0, 0.0, 1)),
        ("10:00:01", (0.0, 1.0, 0)),
    ] {
        assert_eq!(parts(&none.total_at("sla_attainment", time)), expected, "{time}");
    }
}

#[test]
fn a_solve_in_time_owes_nothing_and_a_late_one_erases_no_miss() {
    let policy = format!("00:00 sla_policy id=p {HOUR}");
    let lines = |solve: &str| {
        let solve = format!("{solve} status ticket=T status=solved");
        let opened = "09:00 ticket_opened ticket=T customer=c channel=email";
        with(
            &policy,
            &[
                opened,
                "09:00 message ticket=T actor=customer",
                &solve,
                "12:00 agent id=a",
            ],
        )
    };
    assert_eq!(lines("10:00:00").share("sla_attainment"), (0.0, 0.0, 0));
    assert_eq!(lines("10:00:01").share("sla_attainment"), (0.0, 1.0, 0));
}

#[test]
fn the_first_policy_that_fits_by_position_then_by_line() {
    let targets = HOUR;
    let lines: Vec<String> = vec![
        format!("00:00 sla_policy id=anything {targets}"),
        format!("00:00 sla_policy id=second position=2 {targets}"),
        format!(
            "00:00 sla_policy id=vip position=1 match={{\"tier\":[\"vip\"],\"channel\":[\"email\",\"chat\"]}} {targets}"
        ),
        // Written after the tickets were opened: never theirs.
        format!("12:00 sla_policy id=late position=0 {targets}"),
        "10:00 customer id=v tier=vip".to_owned(),
        "09:00 ticket_opened ticket=A customer=v channel=chat".to_owned(),
        "09:00 ticket_opened ticket=B customer=v channel=sms".to_owned(),
        "09:00 ticket_opened ticket=C customer=c channel=email".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // The customer is written late: before the first line, that line holds.
    assert_eq!(
        desk(&lines).split("tickets_created", Dimension::SlaPolicy),
        [("second".to_owned(), 2, 0), ("vip".to_owned(), 1, 0)]
    );
}

#[test]
fn resolution_stands_still_while_pending_and_is_decided_by_the_first_solve() {
    let policy = "00:00 sla_policy id=p targets=[{\"metric\":\"resolution\",\"seconds\":3600,\"clock\":\"elapsed\"}]";
    let desk = with(
        policy,
        &[
            "09:00 ticket_opened ticket=T customer=c channel=email",
            "09:30 status ticket=T status=pending",
            "10:30 status ticket=T status=on_hold",
            "11:00 status ticket=T status=solved",
            "11:10 status ticket=T status=open",
            "15:00 status ticket=T status=solved",
        ],
    );
    assert_eq!(desk.share("sla_attainment/resolution"), (1.0, 1.0, 0));
    // While it is pending it runs, due as if it went on now.
    assert_eq!(parts(&desk.total_at("sla_attainment", "10:15:00")), (0.0, 0.0, 1));
}

#[test]
fn whose_a_target_is() {
    let policy = format!("00:00 sla_policy id=p {HOUR}");
    let desk = with(
        &policy,
        &[
            "09:00 ticket_opened ticket=A customer=c channel=email",
            "09:00 message ticket=A actor=customer",
            "09:10 assigned ticket=A agent=ann queue=q1",
            // Due at ten: bob has it.
            "09:50 assigned ticket=A agent=bob queue=q2",
            "10:05 assigned ticket=A agent=eve",
            "09:00 ticket_opened ticket=B customer=c channel=email",
            "09:00 message ticket=B actor=customer",
            "09:10 assigned ticket=B agent=bob",
            "09:20 message ticket=B actor=agent:ann",
        ],
    );
    assert_eq!(
        desk.split("sla_attainment", Dimension::Agent),
        [("ann".to_owned(), 1, 0), ("bob".to_owned(), 1, 0)]
    );
    assert_eq!(
        desk.split("sla_attainment", Dimension::Queue),
        [("-".to_owned(), 1, 0), ("q2".to_owned(), 1, 0)]
    );
}

#[test]
fn a_gap_needs_every_target_met_and_none_running() {
    let policy = format!("00:00 sla_policy id=p {HOUR}");
    let met = [
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 message ticket=T actor=agent:a",
        "10:00 survey_answered ticket=T survey=ces_effort score=4",
        "10:00 survey_answered ticket=T survey=csat score=5",
    ];
    let all: Vec<&str> = met.to_vec();
    assert_eq!(with(&policy, &all).share("satisfaction_gap"), (1.0, 1.0, 0));
    // An answer on a scale that knows no bad ones rates nothing here.
    let other: Vec<&str> = met[..3]
        .iter()
        .copied()
        .chain(["10:00 survey_answered ticket=T survey=ces_ease score=1"])
        .collect();
    assert_eq!(with(&policy, &other).share("satisfaction_gap"), (0.0, 0.0, 0));
    let next = "00:00 sla_policy id=p targets=[{\"metric\":\"first_response\",\"seconds\":3600,\"clock\":\"elapsed\"},{\"metric\":\"next_response\",\"seconds\":36000,\"clock\":\"elapsed\"}]";
    let running: Vec<&str> = met
        .iter()
        .copied()
        .chain(["09:30 message ticket=T actor=customer"])
        .collect();
    assert_eq!(with(next, &running).share("satisfaction_gap"), (0.0, 0.0, 0));
}
