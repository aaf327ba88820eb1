use vorrang_calendar::{Draft, Overlaps};

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Hours of Mondays to Fridays in `zone`.
fn wanted(zone: &str, hours: &str) -> Wanted {
    let weekly = ["mon", "tue", "wed", "thu", "fri"].map(|day| (day.to_owned(), vec![hours.to_owned()]));
    let draft = Draft {
        at: DateTime::<Utc>::UNIX_EPOCH,
        time_zone: zone.to_owned(),
        weekly: weekly.into_iter().collect(),
        exceptions: BTreeMap::new(),
        valid_from: None,
    };
    Wanted {
        display_name: "Office".into(),
        hours: draft.check(Overlaps::Refused).expect("hours"),
        notes: BTreeMap::new(),
    }
}

fn office() -> Schedule {
    let now = at("2026-01-05T08:00:00Z");
    Schedule::new(Uuid::from_u128(1), wanted("Europe/Berlin", "09:00-17:00"), now).expect("a schedule")
}

const MAY_DAY: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:may\nSUMMARY:Tag der Arbeit\nDTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY\n\
    END:VEVENT\nEND:VCALENDAR\n";

fn import(schedule: &mut Schedule, file: &str, now: &str) -> (Imported, Option<Change>) {
    schedule.import(file, &(2026..=2028), at(now)).expect("imported")
}

#[test]
fn new_hours_are_a_new_version_and_the_old_one_stays() {
    let mut office = office();
    let old = office.versions[0].clone();
    let change = office
        .update(
            wanted("UTC", "08:00-16:00"),
            &[Field::Weekly],
            Some(date("2026-07-01")),
            at("2026-03-01T12:00:00Z"),
        )
        .expect("allowed");
    let expected = Change {
        new_versions: 1,
        fields: vec!["weekly"],
    };
    assert_eq!(change, Some(expected));
    assert_eq!(
        (office.revision, office.versions.len(), &office.versions[0]),
        (2, 2, &old)
    );
    let new = &office.versions[1];
    assert_eq!((new.number, new.hours.valid_from()), (2, Some(date("2026-07-01"))));
    assert_eq!(new.hours.zone().name(), "Europe/Berlin", "what is not named stays");
    assert_eq!(office.overview(at("2026-06-30T21:59:59Z")).version.number, 1);
    assert_eq!(office.overview(at("2026-06-30T22:00:00Z")).version.number, 2);
}

#[test]
fn what_is_not_named_is_what_counts_on_the_day_of_the_change() {
    let mut office = office();
    let now = at("2026-03-01T12:00:00Z");
    let july = Some(date("2026-07-01"));
    office
        .update(wanted("UTC", "08:00-16:00"), &[Field::Weekly], july, now)
        .expect("allowed");
    office
        .update(
            wanted("Asia/Tokyo", "00:00-24:00"),
            &[Field::TimeZone],
            Some(date("2026-08-01")),
            now,
        )
        .expect("allowed");
    let august = &office.versions[2].hours;
    assert_eq!(
        (august.zone().name(), august.week()[0][0].to_string()),
        ("Asia/Tokyo", "08:00-16:00".into())
    );
    // Today: in the zone in which the new hours are. In Tokyo it is the 2nd.
    office
        .update(
            wanted("Asia/Tokyo", "09:00-17:00"),
            &[Field::TimeZone],
            None,
            at("2026-03-01T16:00:00Z"),
        )
        .expect("allowed");
    assert_eq!(office.versions[3].hours.valid_from(), Some(date("2026-03-02")));
}

#[test]
fn what_is_as_it_was_is_no_change() {
    let mut office = office();
    let before = office.clone();
    let now = at("2026-03-01T12:00:00Z");
    let same = office.update(wanted("Europe/Berlin", "09:00-17:00"), &Field::ALL, None, now);
    assert_eq!((same.expect("allowed"), &office), (None, &before));
    let renamed = Wanted {
        display_name: "Desk".into(),
        ..wanted("UTC", "00:00-24:00")
    };
    let change = office
        .update(renamed, &[Field::DisplayName], None, now)
        .expect("allowed")
        .expect("a change");
    assert_eq!(
        (change.new_versions, change.fields, office.versions.len()),
        (0, vec!["display_name"], 1)
    );
}

#[test]
fn a_clock_that_was_set_back_keeps_the_order_of_versions() {
    let mut office = office();
    office
        .update(
            wanted("UTC", "08:00-16:00"),
            &[Field::Weekly],
            Some(date("2026-07-01")),
            at("2025-12-31T00:00:00Z"),
        )
        .expect("allowed");
    assert_eq!(office.versions[1].hours.at(), office.versions[0].hours.at());
}

#[test]
fn an_archived_schedule_does_not_change() {
    let mut office = office();
    let now = at("2026-03-01T12:00:00Z");
    assert!(office.archive(now).is_some() && office.archive(now).is_none());
    let refused = office
        .update(wanted("UTC", "08:00-16:00"), &[Field::Weekly], None, now)
        .expect_err("refused");
    assert_eq!(refused.reason(), "SCHEDULE_ARCHIVED");
    let refused = office.import(MAY_DAY, &(2026..=2026), now).expect_err("refused");
    assert_eq!(refused.reason(), "SCHEDULE_ARCHIVED");
    assert!(office.restore(now).is_some() && office.restore(now).is_none());
    assert_eq!(office.revision, 3);
}

#[test]
fn holidays_go_to_the_present_version_and_to_announced_ones() {
    let mut office = office();
    let july = Some(date("2026-07-01"));
    let now = at("2026-03-01T12:00:00Z");
    office
        .update(wanted("UTC", "08:00-16:00"), &[Field::Weekly], july, now)
        .expect("allowed");
    let (imported, change) = import(&mut office, MAY_DAY, "2026-04-30T23:00:00Z");
    assert_eq!(imported.versions, [3, 4]);
    assert_eq!(change.map(|change| change.new_versions), Some(2));
    // In Berlin it is the 1st of May already: today is closed, too.
    assert_eq!(office.versions[2].hours.valid_from(), Some(date("2026-05-01")));
    assert_eq!(office.versions[3].hours.valid_from(), july);
    assert_eq!(office.versions[3].hours.week(), office.versions[1].hours.week());
    let closed = |number: usize| -> Vec<String> {
        office.versions[number - 1]
            .hours
            .exceptions()
            .keys()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(closed(3), ["2026-05-01", "2027-05-01", "2028-05-01"]);
    assert_eq!(closed(4), ["2027-05-01", "2028-05-01"]);
    assert_eq!(imported.added.len(), 3);
    let hours = office.hours();
    let calendar = vorrang_calendar::Calendar::new(&hours);
    assert!(!calendar.is_open(at("2026-05-01T10:00:00Z")) && calendar.is_open(at("2026-05-04T10:00:00Z")));
    // 2027-05-01 is a Saturday, 2028-05-01 a Monday.
    assert!(!calendar.is_open(at("2028-05-01T10:00:00Z")));
}

#[test]
fn importing_again_changes_nothing_and_a_changed_file_changes_what_came_from_it() {
    let mut office = office();
    import(&mut office, MAY_DAY, "2026-03-01T12:00:00Z");
    let before = office.clone();
    let (again, change) = import(&mut office, MAY_DAY, "2026-03-02T12:00:00Z");
    assert_eq!(
        (change, &office, again.unchanged.len(), again.versions),
        (None, &before, 3, vec![])
    );
    let renamed = MAY_DAY.replace("Tag der Arbeit", "Maifeiertag");
    let (renamed, _) = import(&mut office, &renamed, "2026-06-01T12:00:00Z");
    assert_eq!(
        (renamed.updated.len(), renamed.past.len(), renamed.added.len()),
        (2, 1, 0)
    );
    let latest = &office.versions[2];
    assert_eq!(latest.note(date("2027-05-01")).name, "Maifeiertag");
    assert_eq!(latest.note(date("2026-05-01")).name, "Tag der Arbeit", "the past stays");
}

#[test]
fn what_was_made_by_hand_stays() {
    let mut office = office();
    let mut special = wanted("Europe/Berlin", "09:00-17:00");
    let hours = vec!["10:00-12:00".parse().expect("hours")];
    special.hours = special
        .hours
        .with_exceptions(BTreeMap::from([(date("2026-05-01"), hours.clone())]));
    office
        .update(special, &[Field::Exceptions], None, at("2026-03-01T12:00:00Z"))
        .expect("allowed");
    let (imported, _) = import(&mut office, MAY_DAY, "2026-03-02T12:00:00Z");
    assert_eq!((imported.kept.len(), imported.added.len()), (1, 2));
    assert_eq!(office.versions[2].hours.exceptions()[&date("2026-05-01")], hours);
}

#[test]
fn a_schedule_has_limits() {
    let mut office = office();
    let day = |index: u64| date("2026-03-01") + chrono::Days::new(index);
    let now = at("2026-03-01T12:00:00Z");
    let error = (0..VERSIONS_MAX as u64)
        .find_map(|index| {
            let hours = if index % 2 == 0 { "08:00-16:00" } else { "09:00-17:00" };
            office
                .update(wanted("UTC", hours), &[Field::Weekly], Some(day(index)), now)
                .err()
        })
        .expect("full");
    assert_eq!(error.reason(), "SCHEDULE_FULL");
    assert_eq!(office.versions.len(), VERSIONS_MAX + 1, "the caller throws it away");

    let mut large = wanted("UTC", "09:00-17:00");
    let exceptions: BTreeMap<_, _> = (0..2_000).map(|index| (day(index), vec![])).collect();
    let note = Note {
        name: "x".repeat(200),
        uid: "u".repeat(400),
    };
    large.notes = exceptions.keys().map(|date| (*date, note.clone())).collect();
    large.hours = large.hours.with_exceptions(exceptions);
    let error = Schedule::new(Uuid::nil(), large, now).expect_err("too large");
    assert_eq!(error.reason(), "SCHEDULE_FULL");
}
