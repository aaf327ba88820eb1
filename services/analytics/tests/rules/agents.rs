//! Transfers, teams, presence (D5, D29, D35, D45, D55).

use super::*;

#[test]
fn what_is_a_transfer() {
    let cases: [(&str, &[&str], f64); 9] = [
        ("the first agent", &["agent=a"], 0.0),
        ("another agent", &["agent=a", "agent=b"], 1.0),
        ("back and forth", &["agent=a", "agent=b", "agent=a"], 2.0),
        (
            "back to the queue, the same takes it again",
            &["agent=a", "queue=q", "agent=a"],
            0.0,
        ),
        (
            "back to the queue, another takes it",
            &["agent=a", "queue=q", "agent=b"],
            1.0,
        ),
        ("another queue", &["agent=a", "queue=r"], 1.0),
        ("the first agent there", &["agent=a", "queue=r", "agent=b"], 1.0),
        ("both in one line", &["agent=a", "agent=b queue=r"], 1.0),
        ("there and back", &["queue=r", "queue=q"], 2.0),
    ];
    for (name, assignments, expected) in cases {
        let mut lines = vec!["09:00 ticket_opened ticket=T customer=c channel=email queue=q".to_owned()];
        for (minute, to) in assignments.iter().enumerate() {
            lines.push(format!("09:{:02} assigned ticket=T {to}", minute + 1));
        }
        lines.push("10:00 status ticket=T status=solved".to_owned());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(desk(&lines).told("transfers_per_ticket").0, Some(expected), "{name}");
    }
}

#[test]
fn the_first_queue_named_is_no_change_of_queue() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:01 assigned ticket=T agent=a",
        "09:02 assigned ticket=T agent=b queue=q",
        "10:00 status ticket=T status=solved",
    ]);
    assert_eq!(
        desk.told("transfers_per_ticket").0,
        Some(1.0),
        "another agent, in no other queue"
    );
}

#[test]
fn the_team_is_the_one_of_then() {
    let desk = desk(&[
        "08:00 agent id=a team=north",
        "09:30 agent id=a team=south",
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 message ticket=T actor=agent:a",
        "09:20 message ticket=T actor=customer",
        "09:40 message ticket=T actor=agent:a",
    ]);
    assert_eq!(
        desk.split("response_time", Dimension::Team),
        [("north".to_owned(), 1, 0), ("south".to_owned(), 1, 0)]
    );
}

#[test]
fn who_was_known_without_a_team_had_none_until_one_was_named() {
    let desk = desk(&[
        "08:00 agent id=a",
        "10:00 agent id=a team=south",
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 message ticket=T actor=agent:a",
        "10:20 message ticket=T actor=customer",
        "10:40 message ticket=T actor=agent:a",
    ]);
    let mut teams = desk.split("response_time", Dimension::Team);
    teams.retain(|(team, ..)| team == "south");
    assert_eq!(teams, [("south".to_owned(), 1, 0)], "the first reply is of no team");
}

#[test]
fn presence_holds_until_the_next_line_and_ends_with_the_moment_of_asking() {
    let desk = desk(&[
        "00:00 schedule id=s time_zone=UTC weekly={\"mon\":[\"09:00-13:00\"]}",
        "00:00 sla_policy id=p schedule=s targets=[{\"metric\":\"first_response\",\"seconds\":60,\"clock\":\"business\"}] match={\"channel\":[\"chat\"]}",
        "08:00 agent_presence agent=a state=available channels=[\"email\"]",
        "09:30 agent_presence agent=a state=available",
        "10:00 agent_presence agent=a state=busy",
        "11:00 agent id=a",
    ]);
    // Promised 9–11 by then; there for chat 9:30–10.
    assert_eq!(desk.share("channel_availability"), (1_800.0, 7_200.0, 0));
    // Available 8–10, busy 10–11.
    assert_eq!(desk.share("occupancy"), (3_600.0, 10_800.0, 0));
}

#[test]
fn the_backlog_is_whose_it_is_at_that_moment() {
    let desk = desk(&[
        "08:00 agent id=a team=north",
        "+1 08:00 agent id=a team=south",
        "09:00 ticket_opened ticket=T customer=c channel=email queue=q",
        "09:00 assigned ticket=T agent=a",
        "+1 09:00 assigned ticket=T agent=b",
    ]);
    assert_eq!(desk.split("tickets_open", Dimension::Agent), [("a".to_owned(), 1, 0)]);
    assert_eq!(
        desk.split("tickets_open", Dimension::Team),
        [("north".to_owned(), 1, 0)]
    );
    assert_eq!(
        desk.for_days(2).split("tickets_open", Dimension::Agent),
        [("b".to_owned(), 1, 0)]
    );
}

#[test]
fn who_changes_the_team_in_the_middle_of_a_shift_is_in_both() {
    let desk = desk(&[
        "08:00 agent id=a team=north",
        "09:00 agent_presence agent=a state=busy",
        "10:00 agent id=a team=south",
        "12:00 agent_presence agent=a state=offline",
    ]);
    let rows = desk.ask("occupancy", &[Dimension::Team], None).rows;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.key[0].clone().unwrap_or_default(), row.figures.numerator))
        .collect();
    assert_eq!(
        told,
        [("north".to_owned(), Some(3_600.0)), ("south".to_owned(), Some(7_200.0))]
    );
    assert_eq!(desk.total("occupancy").denominator, Some(10_800.0));
}
