use super::*;
use crate::Overlaps;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A calendar of versions in JSON.
fn calendar(versions: &[&str]) -> Calendar {
    let json = format!("[{}]", versions.join(","));
    Calendar::new(&serde_json::from_str(&json).expect("a schedule"))
}

fn office() -> Calendar {
    calendar(&[
        r#"{"at": "2026-01-05T07:00:00Z", "time_zone": "Europe/Berlin", "weekly": {"mon": ["09:00-17:00"],
        "tue": ["09:00-17:00"], "wed": ["09:00-17:00"], "thu": ["09:00-17:00"], "fri": ["09:00-17:00"]}}"#,
    ])
}

const NIGHT: &str = r#"{"at": "2026-01-05T08:00:00+01:00", "time_zone": "Europe/Berlin", "weekly": {"mon": ["22:00-06:00"],
    "tue": ["22:00-06:00"], "wed": ["22:00-06:00"], "thu": ["22:00-06:00"], "fri": ["22:00-06:00"], "sat": ["22:00-06:00"],
    "sun": ["22:00-06:00"]}, "exceptions": {"2026-03-31": []}}"#;

const EARLIER_NIGHT: &str = r#"{"at": "2026-06-30T12:00:00+02:00", "time_zone": "Europe/Berlin", "weekly": {"mon": ["20:00-04:00"],
    "tue": ["20:00-04:00"], "wed": ["20:00-04:00"], "thu": ["20:00-04:00"], "fri": ["20:00-04:00"], "sat": ["20:00-04:00"],
    "sun": ["20:00-04:00"]}, "valid_from": "2026-07-01"}"#;

#[track_caller]
fn takes(calendar: &Calendar, from: &str, to: &str, seconds: i64) {
    let open = calendar.business(at(from), at(to));
    assert_eq!(open, TimeDelta::seconds(seconds), "{from} to {to}");
}

#[test]
fn a_weekend_is_no_business_time() {
    let office = office();
    takes(
        &office,
        "2026-03-06T16:30:00+01:00",
        "2026-03-09T09:15:00+01:00",
        45 * 60,
    );
    takes(&office, "2026-03-07T12:00:00+01:00", "2026-03-08T12:00:00+01:00", 0);
    takes(&office, "2026-03-09T09:15:00+01:00", "2026-03-06T16:30:00+01:00", 0);
    // Thirty years: 1,566 weeks of 40 hours, less nothing, plus a Thursday and a Friday.
    takes(
        &office,
        "2000-01-06T00:00:00+01:00",
        "2030-01-12T00:00:00+01:00",
        (1_566 * 40 + 16) * 3_600,
    );
}

#[test]
fn a_target_is_due_when_its_seconds_are_used_up() {
    let office = office();
    for (from, seconds, due) in [
        ("2026-02-27T16:30:00+01:00", 3_600, "2026-03-02T09:30:00+01:00"),
        // Exactly at closing: closing time, not the next opening.
        ("2026-02-27T16:00:00+01:00", 3_600, "2026-02-27T17:00:00+01:00"),
        ("2026-02-27T16:00:00+01:00", 3_601, "2026-03-02T09:00:01+01:00"),
        // Begun while closed.
        ("2026-02-28T12:00:00+01:00", 1, "2026-03-02T09:00:01+01:00"),
        ("2026-02-28T12:00:00+01:00", 0, "2026-02-28T12:00:00+01:00"),
        ("2026-02-27T17:00:00+01:00", 8 * 3_600, "2026-03-02T17:00:00+01:00"),
        // Three weeks, over the change to summer time.
        ("2026-03-18T10:00:00+01:00", 120 * 3_600, "2026-04-08T10:00:00+02:00"),
        // A part of a second.
        ("2026-02-27T16:59:59.250+01:00", 1, "2026-03-02T09:00:00.250+01:00"),
    ] {
        let found = office.due(at(from), TimeDelta::seconds(seconds));
        assert_eq!(found, Some(at(due)), "{from} + {seconds}");
    }
    let part = office.due(at("2026-02-27T16:00:00Z"), TimeDelta::nanoseconds(1));
    assert_eq!(part, Some(at("2026-03-02T08:00:00.000001Z")));
}

#[test]
fn nights_over_clock_changes_exceptions_and_versions() {
    let known = calendar(&[NIGHT, EARLIER_NIGHT]);
    // The repeated hour, the skipped one.
    let old = calendar(&[NIGHT]);
    takes(
        &old,
        "2026-10-24T22:00:00+02:00",
        "2026-10-25T22:00:00+01:00",
        9 * 3_600,
    );
    takes(
        &known,
        "2026-10-24T22:00:00+02:00",
        "2026-10-25T06:00:00+01:00",
        7 * 3_600,
    );
    takes(
        &known,
        "2026-03-28T23:00:00+01:00",
        "2026-03-29T07:00:00+02:00",
        6 * 3_600,
    );
    // Monday's shift runs into Tuesday although Tuesday is an exception; Tuesday's own does not happen.
    takes(
        &known,
        "2026-03-30T23:00:00+02:00",
        "2026-04-01T05:00:00+02:00",
        7 * 3_600,
    );
    // The old shift of Tuesday, the new ones of Wednesday and Thursday.
    takes(
        &known,
        "2026-06-30T21:00:00+02:00",
        "2026-07-02T21:00:00+02:00",
        17 * 3_600,
    );
    takes(
        &old,
        "2026-06-30T11:00:00+02:00",
        "2026-07-01T23:00:00+02:00",
        9 * 3_600,
    );
}

#[test]
fn opening_time_is_open_and_closing_time_is_not() {
    let office = office();
    assert!(office.is_open(at("2026-03-06T09:00:00+01:00")));
    assert!(office.is_open(at("2026-03-06T16:59:59.999999+01:00")));
    assert!(!office.is_open(at("2026-03-06T17:00:00+01:00")));
    let opens = |text: &str| office.opens_at(at(text));
    assert_eq!(
        opens("2026-03-06T16:59:59.5+01:00"),
        Some(at("2026-03-06T16:59:59.5+01:00"))
    );
    assert_eq!(
        opens("2026-03-06T17:00:00+01:00"),
        Some(at("2026-03-09T09:00:00+01:00"))
    );
    assert_eq!(
        opens("2026-03-09T08:59:59.999999+01:00"),
        Some(at("2026-03-09T09:00:00+01:00"))
    );
}

#[test]
fn a_desk_that_closes_for_good_has_no_due_time() {
    let closed = r#"{"at": "2026-06-30T12:00:00Z", "time_zone": "UTC", "weekly": {}, "exceptions": {"2026-08-01": ["09:00-10:00"]},
        "valid_from": "2026-07-01"}"#;
    let calendar = calendar(&[NIGHT, closed]);
    let opened = at("2026-07-02T00:00:00Z");
    assert_eq!(
        calendar.due(opened, TimeDelta::hours(1)),
        Some(at("2026-08-01T10:00:00Z"))
    );
    assert_eq!(calendar.due(opened, TimeDelta::seconds(3_601)), None);
    assert_eq!(calendar.opens_at(at("2026-08-01T10:00:00Z")), None);
    assert_eq!(calendar.business(opened, DateTime::<Utc>::MAX_UTC), TimeDelta::hours(1));
    // The oldest version covers what was before it.
    assert!(calendar.is_open(at("1980-01-01T01:00:00Z")));
}

#[test]
fn the_ends_of_time_are_no_obstacle() {
    let always = calendar(&[
        r#"{"at": "2026-01-05T07:00:00Z", "time_zone": "Asia/Kathmandu", "weekly": {"mon": ["00:00-24:00"],
        "tue": ["00:00-24:00"], "wed": ["00:00-24:00"], "thu": ["00:00-24:00"], "fri": ["00:00-24:00"], "sat": ["00:00-24:00"],
        "sun": ["00:00-24:00"]}}"#,
    ]);
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let micros = |time: DateTime<Utc>| TimeDelta::microseconds(time.timestamp_micros());
    assert_eq!(always.business(first, last), micros(last) - micros(first));
    assert_eq!(always.due(last, TimeDelta::days(1)), None);
    assert_eq!(always.due(first, TimeDelta::MAX), None);
    assert_eq!(always.due(first, TimeDelta::days(1)), Some(first + TimeDelta::days(1)));
}

#[test]
fn two_versions_of_a_day_the_later_written_counts() {
    let first = r#"{"at": "2026-01-01T00:00:00Z", "time_zone": "UTC", "weekly": {"mon": ["09:00-10:00"]}, "valid_from": "2026-03-01"}"#;
    let second = r#"{"at": "2026-01-02T00:00:00Z", "time_zone": "UTC", "weekly": {"mon": ["09:00-11:00"]}, "valid_from": "2026-03-01"}"#;
    // Written last, and counts from earlier: only until the others do.
    let third = r#"{"at": "2026-01-03T00:00:00Z", "time_zone": "UTC", "weekly": {"mon": ["09:00-12:00"]}, "valid_from": "2026-02-01"}"#;
    let calendar = calendar(&[first, second, third]);
    takes(&calendar, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", 2 * 3_600);
    takes(&calendar, "2026-02-23T00:00:00Z", "2026-02-24T00:00:00Z", 3 * 3_600);
    takes(&calendar, "2025-02-24T00:00:00Z", "2025-02-25T00:00:00Z", 3 * 3_600);
}

#[test]
fn a_later_version_without_a_date_counts_from_the_local_day_of_its_writing() {
    let first = r#"{"at": "2026-01-01T00:00:00Z", "time_zone": "Pacific/Auckland", "weekly": {}}"#;
    // In Auckland it is Tuesday the 3rd already.
    let second = r#"{"at": "2026-03-02T20:00:00Z", "time_zone": "Pacific/Auckland", "weekly": {"mon": ["00:00-24:00"],
        "tue": ["00:00-24:00"]}}"#;
    let calendar = calendar(&[first, second]);
    assert_eq!(
        calendar.opens_at(at("2020-01-01T00:00:00Z")),
        Some(at("2026-03-02T11:00:00Z"))
    );
}

#[test]
fn the_number_of_blocks_is_that_of_changes_and_exceptions_not_of_days() {
    let blocks = |json: &str| {
        let schedule: Schedule = serde_json::from_str(json).expect("a schedule");
        (Blocks::of(&schedule).count(), schedule)
    };
    let (plain, _) =
        blocks(r#"[{"at": "2026-01-05T07:00:00Z", "time_zone": "UTC", "weekly": {"mon": ["09:00-17:00"]}}]"#);
    assert_eq!(plain, 1);
    let (berlin, schedule) =
        blocks(r#"[{"at": "2026-01-05T07:00:00Z", "time_zone": "Europe/Berlin", "weekly": {"mon": ["09:00-17:00"]}}]"#);
    assert!((400..600).contains(&berlin), "{berlin}");
    let mut draft = schedule.versions()[0].draft();
    draft.exceptions.insert("2026-06-15".into(), vec![]);
    draft.exceptions.insert("2026-06-22".into(), vec![]);
    let version = draft.check(Overlaps::Refused).expect("a version");
    let with_exceptions = Blocks::of(&Schedule::new(vec![version]).expect("a schedule")).count();
    assert_eq!(with_exceptions, berlin + 4);
}

/// Whoever has the same versions shares what was compiled; another version is another calendar.
#[test]
fn equal_schedules_are_compiled_once() {
    let schedule = |versions: &[&str]| {
        let json = format!("[{}]", versions.join(","));
        serde_json::from_str::<crate::Schedule>(&json).expect("a schedule")
    };
    let first = Calendar::shared(&schedule(&[NIGHT]));
    let again = Calendar::shared(&schedule(&[NIGHT]));
    let later = Calendar::shared(&schedule(&[NIGHT, EARLIER_NIGHT]));
    assert!(Arc::ptr_eq(&first.blocks, &again.blocks));
    assert!(!Arc::ptr_eq(&first.blocks, &later.blocks));
    let evening = at("2026-07-01T18:30:00Z");
    assert_eq!(first.is_open(evening), calendar(&[NIGHT]).is_open(evening));
    assert!(!first.is_open(evening) && later.is_open(evening));
}
