//! Holidays from iCalendar files.

use vorrang_testkit::both_engines;

use super::schedules::{exception, office};
use super::*;

const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\
    BEGIN:VEVENT\r\nUID:neujahr\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Neujahr\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:weihnachten\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227\r\nRRULE:FREQ=YEARLY\r\n\
    SUMMARY:Weihnachten\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:heiligabend\r\nDTSTART;TZID=Europe/Berlin:20201224T140000\r\nDTEND;TZID=Europe/Berlin:20201225T000000\r\n\
    RRULE:FREQ=YEARLY\r\nSUMMARY:Heiligabend\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:busstag\r\nDTSTART;VALUE=DATE:20231122\r\nSTATUS:CANCELLED\r\nSUMMARY:Buss- und Bettag\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

impl Fixture {
    async fn import(
        &self,
        schedule: &pb::Schedule,
        calendar: &str,
        years: (i32, i32),
    ) -> Result<pb::ImportHolidaysResponse, Error> {
        let request = pb::ImportHolidaysRequest {
            name: schedule.name.clone(),
            calendar: calendar.into(),
            first_year: years.0,
            last_year: years.1,
            ..pb::ImportHolidaysRequest::default()
        };
        import_holidays::handle(&self.app, acme(request)).await
    }
}

both_engines! {
    async fn holidays_are_imported_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(pb::Schedule { exceptions: vec![exception("2024-01-01", &["10:00-12:00"])], ..office() }).await;
        let head = desk.events("acme").await.len();
        // The clock of the tests stands at 2023-11-14.
        let done = desk.import(&made, FILE, (0, 2024)).await.expect("imported");
        assert_eq!((done.first_year, done.last_year, done.events, done.cancelled), (2023, 2024, 4, 1));
        // 2024-01-01 was made by hand, 2023-01-01 is over; 2023-12-24 is a Sunday, on which nothing is to be closed.
        assert_eq!((done.added, done.updated, done.unchanged, done.kept, done.past), (5, 0, 0, 1, 1));
        assert_eq!(done.versions, [2]);
        let schedule = done.schedule.expect("the schedule");
        let named = |date: &str, hours: &[&str], name: &str, uid: &str| pb::ScheduleException {
            name: name.into(),
            uid: uid.into(),
            ..exception(date, hours)
        };
        let expected = [
            named("2023-12-25", &[], "Weihnachten", "weihnachten"),
            named("2023-12-26", &[], "Weihnachten", "weihnachten"),
            exception("2024-01-01", &["10:00-12:00"]),
            named("2024-12-24", &["09:00-14:00"], "Heiligabend", "heiligabend"),
            named("2024-12-25", &[], "Weihnachten", "weihnachten"),
            named("2024-12-26", &[], "Weihnachten", "weihnachten"),
        ];
        assert_eq!(schedule.exceptions, expected);
        assert_eq!((schedule.version, schedule.valid_from.as_str()), (2, "2023-11-14"));

        let again = desk.import(&made, FILE, (2023, 2024)).await.expect("imported");
        assert_eq!((again.added, again.unchanged, again.kept, again.versions.len()), (0, 5, 1, 0));
        assert_eq!(again.schedule, Some(schedule.clone()));
        assert_eq!(desk.kinds(head).await, ["schedule_updated"]);

        let more = desk.import(&made, FILE, (0, 0)).await.expect("imported");
        assert_eq!((more.first_year, more.last_year, more.unchanged), (2023, 2027, 5));
        assert_eq!(more.versions, [3]);
    }

    async fn a_bad_file_is_refused_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.schedule(office()).await;
        let bad = FILE.replace("20201225\r\n", "20201325\r\n").replace("UID:neujahr\r\n", "");
        let error = desk.import(&made, &bad, (0, 0)).await.expect_err("refused");
        let told: Vec<String> = error.violations().iter().map(|violation| format!("{} {}", violation.field, violation.description)).collect();
        assert!(told[0].starts_with("calendar line 3: the event needs a UID"), "{told:?}");
        assert!(told[1].starts_with("calendar line 10: DTSTART: no such date"), "{told:?}");
        let error = desk.import(&made, "", (1800, 0)).await.expect_err("refused");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["first_year", "calendar"]);
        let error = desk.import(&made, FILE, (2024, 2054)).await.expect_err("refused");
        assert_eq!(error.violations()[0].field, "last_year");
        assert_eq!(desk.versions(&made.name).await.len(), 1);
    }
}
