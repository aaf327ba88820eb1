use chrono::TimeDelta;

use super::*;
use crate::goal::{Problem, Warning, check};
use crate::judge::judge;
use crate::policy::{Match, Policy, Subject, pick};
use crate::target::{How, Standing, Target};

fn one(terms: &Terms, opened: &str, facts: &[Fact], now: &str) -> Target {
    let targets = judge(terms, clock(opened), facts, clock(now));
    assert_eq!(targets.len(), 1, "{targets:?}");
    targets[0].clone()
}

fn all(terms: &Terms, opened: &str, facts: &[Fact], now: &str) -> Vec<(Metric, Standing)> {
    let targets = judge(terms, clock(opened), facts, clock(now));
    targets.iter().map(|target| (target.metric, target.standing)).collect()
}

#[test]
fn a_reply_at_the_due_second_is_in_time_and_at_the_next_it_is_not() {
    let hour = terms(&[elapsed(Metric::FirstResponse, 3_600)]);
    let stands = |reply: Option<&str>, now: &str| {
        let facts: Vec<Fact> = [wrote(clock("09:00"))]
            .into_iter()
            .chain(reply.map(|reply| replied(clock(reply))))
            .collect();
        one(&hour, "09:00", &facts, now).standing
    };
    assert_eq!(stands(Some("10:00:00"), "12:00"), Standing::Met);
    assert_eq!(stands(Some("10:00:01"), "12:00"), Standing::Missed);
    assert_eq!(stands(None, "09:59:59"), Standing::Running);
    assert_eq!(stands(None, "10:00:00"), Standing::Running, "at the due second itself");
    assert_eq!(stands(None, "10:00:01"), Standing::Missed);
}

#[test]
fn a_solve_in_time_owes_nothing_and_a_late_one_erases_nothing() {
    let hour = terms(&[elapsed(Metric::FirstResponse, 3_600)]);
    let solved = |at: &str, now: &str| {
        let facts = [wrote(clock("10:30")), became(Status::Solved, clock(at))];
        one(&hour, "10:30", &facts, now)
    };
    assert_eq!(solved("11:00", "13:00").standing, Standing::NotOwed);
    assert_eq!(solved("11:30:00", "13:00").standing, Standing::NotOwed);
    let late = solved("11:30:01", "13:00");
    assert_eq!(late.standing, Standing::Missed);
    assert_eq!(late.end.map(|end| end.how), Some(How::Solved), "nobody waits any more");
}

/// "Thanks" on a ticket that stays solved owes nothing, and the same ticket reopened before the due time does.
#[test]
fn thanks_on_a_solved_ticket_owe_nothing() {
    let goals = terms(&[elapsed(Metric::NextResponse, 600)]);
    let mut facts = vec![
        wrote(clock("09:00")),
        replied(clock("09:01")),
        became(Status::Solved, clock("09:02")),
        wrote(clock("09:10")),
    ];
    assert_eq!(one(&goals, "09:00", &facts, "09:15").standing, Standing::NotOwed);
    assert_eq!(one(&goals, "09:00", &facts, "10:00").standing, Standing::NotOwed);
    facts.push(became(Status::Open, clock("09:20:01")));
    assert_eq!(
        one(&goals, "09:00", &facts, "10:00").standing,
        Standing::NotOwed,
        "solved at the due time"
    );
    facts[4] = became(Status::Open, clock("09:20:00"));
    assert_eq!(one(&goals, "09:00", &facts, "10:00").standing, Standing::Missed);
}

#[test]
fn a_turn_is_ended_by_reply_solve_or_close_and_by_nothing_else() {
    let goals = terms(&[
        elapsed(Metric::FirstResponse, 3_600),
        elapsed(Metric::NextResponse, 1_800),
    ]);
    let facts = [
        wrote(clock("09:00")),
        replied(clock("09:10")),
        wrote(clock("09:20")),
        wrote(clock("09:25")),
        became(Status::Pending, clock("09:30")),
        replied(clock("09:50")),
        wrote(clock("11:00")),
        replied(clock("11:30:01")),
        replied(clock("11:40")),
        wrote(clock("12:00")),
        became(Status::Closed, clock("12:05")),
    ];
    let targets = judge(&goals, clock("09:00"), &facts, clock("13:00"));
    let told: Vec<_> = targets
        .iter()
        .map(|target| (target.turn, target.due_at, target.standing))
        .collect();
    assert_eq!(
        told,
        [
            (1, Some(clock("10:00")), Standing::Met),
            (2, Some(clock("09:50")), Standing::Met),
            (3, Some(clock("11:30")), Standing::Missed),
            (4, Some(clock("12:30")), Standing::NotOwed),
        ]
    );
}

#[test]
fn resolution_stands_still_while_pending_and_runs_while_on_hold() {
    let goals = terms(&[elapsed(Metric::Resolution, 14_400)]);
    let pending = [
        became(Status::Pending, clock("07:00")),
        became(Status::Open, clock("08:30")),
        became(Status::Solved, clock("11:30:00")),
        became(Status::Open, clock("11:45")),
        became(Status::Solved, clock("11:50")),
    ];
    let met = one(&goals, "06:00", &pending, "13:00");
    assert_eq!((met.due_at, met.standing), (Some(clock("11:30")), Standing::Met));
    let held = [
        became(Status::Pending, clock("07:00")),
        became(Status::Open, clock("08:00")),
        became(Status::OnHold, clock("09:00")),
        became(Status::Open, clock("10:00")),
        became(Status::Solved, clock("11:00:01")),
    ];
    let missed = one(&goals, "06:00", &held, "13:00");
    assert_eq!(
        (missed.due_at, missed.standing),
        (Some(clock("11:00")), Standing::Missed)
    );
}

#[test]
fn a_pending_ticket_is_due_as_if_it_went_on_now() {
    let goals = terms(&[elapsed(Metric::Resolution, 3_600)]);
    let facts = [became(Status::Pending, clock("06:20"))];
    for (now, due) in [("07:00", "07:40"), ("22:00", "22:40")] {
        let target = one(&goals, "06:00", &facts, now);
        assert_eq!((target.standing, target.due_at), (Standing::Paused, Some(clock(due))));
        assert_eq!(target.left, TimeDelta::minutes(40));
    }
    let solved = [facts[0], became(Status::Solved, clock("20:00"))];
    let met = one(&goals, "06:00", &solved, "23:00");
    assert_eq!((met.standing, met.due_at), (Standing::Met, Some(clock("20:40"))));
}

/// Used up just when it began to stand still: that was the due time, and it stays it.
#[test]
fn what_is_used_up_stays_used_up() {
    let goals = terms(&[elapsed(Metric::Resolution, 3_600)]);
    let facts = [
        became(Status::Pending, clock("07:00:00")),
        became(Status::Open, clock("09:00")),
        became(Status::Solved, clock("09:00")),
    ];
    let target = one(&goals, "06:00", &facts, "10:00");
    assert_eq!(
        (target.due_at, target.standing),
        (Some(clock("07:00")), Standing::Missed)
    );
}

#[test]
fn closed_without_a_solve_by_then_is_not_counted_and_later_it_is_missed() {
    let goals = terms(&[elapsed(Metric::Resolution, 3_600)]);
    let closed = |at: &str, now: &str| one(&goals, "06:00", &[became(Status::Closed, clock(at))], now).standing;
    assert_eq!(closed("06:30", "06:40"), Standing::NotOwed);
    assert_eq!(closed("07:00:00", "09:00"), Standing::NotOwed);
    assert_eq!(closed("07:00:01", "09:00"), Standing::Missed);
}

/// Used up exactly at closing time it is due at closing time, and a reply before the next opening is late.
#[test]
fn due_at_closing_time() {
    let open = Some(schedule(&["09:00-17:00"]));
    let goals = Terms::new(vec![business(Metric::FirstResponse, 1_800)], open);
    let answered = |at: &str| one(&goals, "16:30", &[wrote(clock("16:30")), replied(clock(at))], "23:00").standing;
    assert_eq!(answered("17:00:00"), Standing::Met);
    assert_eq!(answered("17:00:01"), Standing::Missed);
    let over_night = [wrote(clock("16:45"))];
    let target = one(&goals, "16:45", &over_night, "23:00");
    assert_eq!(
        (target.due_at, target.left),
        (Some(clock("33:15")), TimeDelta::minutes(15))
    );
}

#[test]
fn a_business_target_without_calendar_does_not_exist() {
    let goals = Terms::new(
        vec![business(Metric::FirstResponse, 60), elapsed(Metric::Resolution, 3_600)],
        None,
    );
    let facts = [wrote(clock("09:00"))];
    assert_eq!(
        all(&goals, "09:00", &facts, "09:30"),
        [(Metric::Resolution, Standing::Running)]
    );
    assert!(goals.goal(Metric::FirstResponse).is_none());
}

#[test]
fn a_desk_that_never_opens_again_owes_without_a_due_time() {
    let goals = Terms::new(vec![business(Metric::FirstResponse, 60)], Some(schedule(&[])));
    let waiting = [wrote(clock("09:00"))];
    let target = one(&goals, "09:00", &waiting, "99:00");
    assert_eq!((target.due_at, target.standing), (None, Standing::Running));
    let answered = [waiting[0], replied(clock("98:00"))];
    assert_eq!(one(&goals, "09:00", &answered, "99:00").standing, Standing::Met);
}

#[test]
fn facts_of_one_second_count_in_their_order() {
    let goals = terms(&[elapsed(Metric::FirstResponse, 600)]);
    let (second, later) = (clock("09:00"), clock("12:00"));
    let reply_first = [wrote(second), replied(second), became(Status::Solved, second)];
    assert_eq!(judge(&goals, second, &reply_first, later)[0].standing, Standing::Met);
    let solve_first = [wrote(second), became(Status::Solved, second), replied(second)];
    assert_eq!(
        judge(&goals, second, &solve_first, later)[0].standing,
        Standing::NotOwed
    );
}

#[test]
fn the_first_policy_that_fits_is_by_position_then_by_age() {
    let policy = |id: &str, position: Option<i32>, age: i64, channels: &[&str]| Policy {
        id: id.to_owned(),
        position,
        age,
        matching: Match {
            tiers: vec!["vip".to_owned()],
            channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
            priorities: Vec::new(),
        },
        goals: Vec::new(),
        schedule: None,
    };
    let policies = [
        policy("last", None, 1, &[]),
        policy("second", Some(2), 2, &["chat", "email"]),
        policy("younger", Some(2), 3, &["chat"]),
        policy("first", Some(-1), 9, &["phone"]),
    ];
    let chosen = |tier: &str, channel: &str| {
        let subject = Subject {
            tier,
            channel,
            priority: "normal",
        };
        pick(&policies, |policy| policy.matching.fits(&subject)).map(|policy| policy.id.as_str())
    };
    assert_eq!(chosen("vip", "phone"), Some("first"));
    assert_eq!(chosen("vip", "chat"), Some("second"));
    assert_eq!(chosen("vip", "sms"), Some("last"));
    assert_eq!(chosen("standard", "phone"), None, "names are joined by AND");
}

#[test]
fn everything_wrong_with_goals_is_found() {
    let fine = elapsed(Metric::Resolution, 60);
    let of = |metric, seconds, warning, pauses: &[Status]| Goal {
        metric,
        seconds,
        clock: ClockKind::Elapsed,
        warning,
        pauses: pauses.to_vec(),
    };
    let goals = [
        fine.clone(),
        of(Metric::FirstResponse, 0, Warning::Percent(100), &[Status::Open]),
        of(
            Metric::Resolution,
            60,
            Warning::SecondsLeft(60),
            &[Status::Pending, Status::OnHold],
        ),
    ];
    assert_eq!(
        check(&goals),
        [
            (1, Problem::Seconds),
            (1, Problem::Warning),
            (1, Problem::Pauses),
            (2, Problem::Warning),
            (2, Problem::Twice),
        ]
    );
    assert!(check(&[fine]).is_empty());
}

#[test]
fn a_target_warns_by_share_or_by_what_is_left() {
    let mut goal = elapsed(Metric::FirstResponse, 3_600);
    let warns = |goal: &Goal| {
        one(
            &Terms::new(vec![goal.clone()], None),
            "09:00",
            &[wrote(clock("09:00"))],
            "09:01",
        )
        .warn_at
    };
    assert_eq!(warns(&goal), Some(clock("09:48")), "80 %");
    goal.warning = Warning::SecondsLeft(300);
    assert_eq!(warns(&goal), Some(clock("09:55")));
}

#[test]
fn a_snapshot_comes_back_as_it_was() {
    let goals = vec![business(Metric::FirstResponse, 1_800), elapsed(Metric::Resolution, 60)];
    let terms = Terms::new(goals, Some(schedule(&["09:00-17:00"])));
    let json = serde_json::to_string(&terms).expect("JSON");
    let back: Terms = serde_json::from_str(&json).expect("terms");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), json);
    let facts = [wrote(clock("16:45"))];
    assert_eq!(
        judge(&back, clock("16:45"), &facts, clock("20:00")),
        judge(&terms, clock("16:45"), &facts, clock("20:00"))
    );
}
