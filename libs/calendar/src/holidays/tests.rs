use super::*;

const FEIERTAGE: &str = include_str!("../../tests/fixtures/feiertage.ics");
const BETRIEB: &str = include_str!("../../tests/fixtures/betrieb.ics");

fn berlin(text: &str, years: RangeInclusive<i32>) -> Holidays {
    read(text, Tz::Europe__Berlin, years).unwrap_or_else(|refusals| panic!("{refusals:?}"))
}

/// A calendar with one event of these lines.
fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:one\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn dates(holidays: &Holidays) -> Vec<String> {
    holidays.days.iter().map(|day| day.date.to_string()).collect()
}

/// The first line that is refused, with the reason.
fn refusal(text: &str) -> (usize, String) {
    let refusals = read(text, Tz::Europe__Berlin, 2026..=2026).expect_err("refused");
    (refusals[0].line, refusals[0].reason.clone())
}

#[test]
fn public_holidays_of_the_years_asked_for() {
    let found = berlin(FEIERTAGE, 2026..=2027);
    assert_eq!((found.events, found.cancelled), (10, 1));
    let seen: Vec<_> = found
        .days
        .iter()
        .map(|day| format!("{} {}", day.date, day.name))
        .collect();
    assert_eq!(
        seen,
        [
            "2026-01-01 Neujahr",
            "2026-03-08 Internationaler Frauentag",
            "2026-04-03 Karfreitag",
            "2026-04-06 Ostermontag",
            "2026-05-01 Tag der Arbeit",
            "2026-05-14 Christi Himmelfahrt",
            "2026-05-25 Pfingstmontag",
            "2026-10-03 Tag der Deutschen Einheit",
            "2026-12-25 Weihnachten, 1. und 2. Feiertag",
            "2026-12-26 Weihnachten, 1. und 2. Feiertag",
            "2027-01-01 Neujahr",
            "2027-03-08 Internationaler Frauentag",
            "2027-03-26 Karfreitag",
            "2027-03-29 Ostermontag",
            "2027-05-01 Tag der Arbeit",
            "2027-05-06 Christi Himmelfahrt",
            "2027-05-17 Pfingstmontag",
            "2027-10-03 Tag der Deutschen Einheit",
            "2027-12-25 Weihnachten, 1. und 2. Feiertag",
            "2027-12-26 Weihnachten, 1. und 2. Feiertag",
        ]
    );
    assert!(found.days.iter().all(|day| day.closed == Closed::Day));
    assert_eq!(found.days[0].uid, "neujahr@feiertage.example");
}

#[test]
fn closings_of_a_company() {
    let found = berlin(BETRIEB, 2026..=2027);
    let seen: Vec<_> = found
        .days
        .iter()
        .map(|day| match &day.closed {
            Closed::Day => format!("{} {}", day.date, day.name),
            Closed::Times(times) => format!("{} {} {times:?}", day.date, day.name),
        })
        .filter(|line| !line.contains("Betriebsversammlung") || line.contains("-02-"))
        .collect();
    assert_eq!(
        seen,
        [
            // Moved from the 19th to the 20th; a shift begun the day before would be cut, too.
            "2026-02-19 Betriebsversammlung (verlegt) [(2220, 2340)]",
            "2026-02-20 Betriebsversammlung (verlegt) [(780, 900)]",
            // From midnight to midnight in Berlin, written in UTC.
            "2026-06-13 Umzug",
            "2026-12-23 Heiligabend ab 14 Uhr [(2280, 2880)]",
            "2026-12-24 Heiligabend ab 14 Uhr [(840, 1440)]",
            "2026-12-28 Betriebsferien",
            "2026-12-29 Betriebsferien",
            "2026-12-30 Betriebsferien",
            "2026-12-31 Betriebsferien",
            "2027-01-01 Betriebsferien",
        ]
    );
    let meetings = found
        .days
        .iter()
        .filter(|day| day.name == "Betriebsversammlung")
        .count();
    assert_eq!(meetings, 22, "eleven on the day, and each for the night before");
}

#[test]
fn reading_again_gives_the_same_and_other_years_more() {
    assert_eq!(
        berlin(FEIERTAGE, 2026..=2026),
        berlin(&FEIERTAGE.replace('\n', "\r\n"), 2026..=2026)
    );
    assert_eq!(
        berlin(FEIERTAGE, 2030..=2030).days.len(),
        6,
        "Easter is written down to 2028 only"
    );
    assert_eq!(berlin(FEIERTAGE, 1991..=1991).days.len(), 1);
}

#[test]
fn several_events_of_a_date_are_one_holiday() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:b\nSUMMARY:Ruhetag\nDTSTART:20260704T100000\nDURATION:PT1H\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nSUMMARY:Sommerfest\nDTSTART;VALUE=DATE:20260704\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:c\nSUMMARY:Ruhetag\nDTSTART:20260704T100000\nEND:VEVENT\nEND:VCALENDAR";
    let found = berlin(text, 2026..=2026);
    let day = found.days.last().expect("a day");
    assert_eq!(
        (&*day.uid, &*day.name, &day.closed),
        ("a", "Sommerfest, Ruhetag", &Closed::Day)
    );
}

#[test]
fn rules_recur_as_they_say() {
    for (lines, years, expected) in [
        (
            "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY",
            2025..=2028,
            vec!["2028-02-29"],
        ),
        // Thanksgiving; Memorial Day; the last working day of each quarter.
        (
            "DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            2026..=2026,
            vec!["2026-11-26"],
        ),
        (
            "DTSTART;VALUE=DATE:20250526\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            2026..=2026,
            vec!["2026-05-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20251231\nRRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            2026..=2026,
            vec!["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"],
        ),
        (
            "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;BYYEARDAY=-1;COUNT=2",
            2026..=2030,
            vec!["2026-01-01", "2026-12-31"],
        ),
        (
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=2\nEXDATE;VALUE=DATE:20260112",
            2026..=2026,
            vec!["2026-01-05"],
        ),
        (
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;UNTIL=20260107",
            2026..=2026,
            vec!["2026-01-05", "2026-01-06", "2026-01-07"],
        ),
        (
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;UNTIL=20260106T000000Z",
            2026..=2026,
            vec!["2026-01-05", "2026-01-06"],
        ),
        // Never fits, but it ends.
        (
            "DTSTART;VALUE=DATE:19000105\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            2026..=2026,
            vec![],
        ),
        // Over the turn of the year.
        (
            "DTSTART;VALUE=DATE:20251230\nDTEND;VALUE=DATE:20260103",
            2026..=2026,
            vec!["2026-01-01", "2026-01-02"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225",
            2026..=2026,
            vec!["2026-12-25"],
        ),
        // No time at all.
        ("DTSTART:20261225T100000", 2026..=2026, vec![]),
    ] {
        assert_eq!(dates(&berlin(&event(lines), years)), expected, "{lines}");
    }
}

#[test]
fn times_are_read_in_their_zone_and_closed_in_ours() {
    let text =
        event("DTSTART;TZID=\"/some.vendor/20260101_1/America/New_York\":20260301T200000\nDTEND:20260302T030000Z");
    let found = berlin(&text, 2026..=2026);
    // 02:00 to 04:00 in Berlin on the 2nd.
    assert_eq!(dates(&found), ["2026-03-01", "2026-03-02"]);
    assert_eq!(found.days[1].closed, Closed::Times(vec![(120, 240)]));
    // The same time of day on either side of the clock change, and a UNTIL that is in UTC.
    let text =
        event("DTSTART;TZID=Europe/Berlin:20260327T233000\nDURATION:PT15M\nRRULE:FREQ=DAILY;UNTIL=20260329T213000Z");
    let found = berlin(&text, 2026..=2026);
    assert_eq!(dates(&found), ["2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29"]);
    assert_eq!(found.days[3].closed, Closed::Times(vec![(1_410, 1_425)]));
}

#[test]
fn what_is_wrong_is_refused_with_line_and_reason() {
    for (lines, line, reason) in [
        ("SUMMARY:x", 2, "no DTSTART"),
        ("DTSTART:20260230", 4, "no such date"),
        ("DTSTART:18991231", 4, "no such date"),
        ("DTSTART:20261224T1400", 4, "no such date"),
        (
            "DTSTART;TZID=W. Europe Standard Time:20261224T140000",
            4,
            "no IANA time zone",
        ),
        ("DTSTART:20261224\nDTSTART:20261225", 5, "DTSTART is there twice"),
        ("DTSTART:20261224\nDTEND:20261223", 5, "ends before it starts"),
        ("DTSTART:20261224\nDTEND:20271226", 5, "longer than a year"),
        ("DTSTART:20261224\nDTEND:20261224T120000", 5, "either both dates"),
        ("DTSTART:20261224\nDURATION:PT12H", 5, "lasts whole days"),
        ("DTSTART:20261224\nDURATION:-P1D", 5, "not a positive duration"),
        (
            "DTSTART:20261224\nDURATION:P1D\nDTEND:20261225",
            5,
            "exclude each other",
        ),
        ("DTSTART:20261224\nRRULE:INTERVAL=1", 5, "FREQ is missing"),
        ("DTSTART:20261224\nRRULE:FREQ=HOURLY", 5, "YEARLY, MONTHLY"),
        (
            "DTSTART:20261224\nRRULE:FREQ=YEARLY;INTERVAL=0",
            5,
            "INTERVAL=0 is not understood",
        ),
        (
            "DTSTART:20261224\nRRULE:FREQ=YEARLY;COUNT=1;UNTIL=20271224",
            5,
            "COUNT and UNTIL",
        ),
        ("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMONTH=13", 5, "BYMONTH=13"),
        (
            "DTSTART:20261224\nRRULE:FREQ=YEARLY;FREQ=DAILY",
            5,
            "FREQ is there twice",
        ),
        ("DTSTART:20261224\nRRULE:FREQ=WEEKLY;BYDAY=1MO", 5, "numbered days"),
        ("DTSTART:20261224\nRRULE:FREQ=WEEKLY;BYDAY=ä", 5, "BYDAY=ä"),
        (
            "DTSTART:20261224\nRRULE:FREQ=YEARLY;BYWEEKNO=20",
            5,
            "BYWEEKNO is not read",
        ),
        ("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYSETPOS=1", 5, "BYSETPOS needs"),
        ("DTSTART:20261224\nEXRULE:FREQ=YEARLY", 5, "EXRULE is not read"),
        (
            "DTSTART:20261224\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261224",
            5,
            "RANGE",
        ),
        (
            "DTSTART:20261224\nRDATE;VALUE=PERIOD:20261224T000000Z/PT1H",
            5,
            "periods",
        ),
        ("DTSTART:20261224\nUID:two", 5, "UID is there twice"),
        ("DTSTART:20261224\nno property", 5, "NAME:value"),
    ] {
        let (found, why) = refusal(&event(lines));
        assert_eq!(found, line, "{lines}: {why}");
        assert!(why.contains(reason), "{lines}: {why}");
    }
    for (text, line, reason) in [
        ("", 0, "no BEGIN:VCALENDAR"),
        ("<html>\n<body>", 0, "no BEGIN:VCALENDAR"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260101\n",
            1,
            "has no end",
        ),
        (
            "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR",
            2,
            "ends the VCALENDAR of line 1",
        ),
        (
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nEND:VEVENT",
            0,
            "no BEGIN:VCALENDAR",
        ),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\nEND:VCALENDAR",
            2,
            "needs a UID",
        ),
        (
            "DTSTART:20260101\nBEGIN:VCALENDAR\nEND:VCALENDAR",
            1,
            "outside of a VCALENDAR",
        ),
    ] {
        let (found, why) = refusal(text);
        assert_eq!(found, line, "{text}: {why}");
        assert!(why.contains(reason), "{text}: {why}");
    }
}

#[test]
fn all_problems_are_told_in_order_but_not_without_end() {
    let bad = event("DTSTART:nonsense\nDTEND:more\nRRULE:FREQ=NEVER\nEXDATE:1,2");
    let refusals = read(&bad, Tz::UTC, 2026..=2026).expect_err("refused");
    let lines: Vec<usize> = refusals.iter().map(|refusal| refusal.line).collect();
    assert_eq!(lines, [4, 7]);
    let page = "<p>not a calendar</p>\n".repeat(1_000);
    let refusals = read(&page, Tz::UTC, 2026..=2026).expect_err("refused");
    assert_eq!(refusals.len(), PROBLEMS_MAX + 1);
    assert_eq!(
        refusals.last().map(ToString::to_string),
        Some("and 981 more problems".into())
    );
}

#[test]
fn work_is_bounded() {
    let large = "X".repeat(FILE_BYTES_MAX + 1);
    assert!(refusal(&large).1.contains("at most 1048576 bytes"));
    let many = "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nEND:VEVENT\n".repeat(EVENTS_MAX + 1);
    assert!(
        refusal(&format!("BEGIN:VCALENDAR\n{many}END:VCALENDAR"))
            .1
            .contains("at most 5000 events")
    );
    let never: String = (0..200)
        .map(|id| {
            format!("BEGIN:VEVENT\nUID:{id}\nDTSTART:19000101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n")
        })
        .collect();
    assert!(
        refusal(&format!("BEGIN:VCALENDAR\n{never}END:VCALENDAR"))
            .1
            .contains("too often")
    );
    let daily: String = (0..40)
        .map(|id| format!("BEGIN:VEVENT\nUID:{id}\nDTSTART:20260101\nRRULE:FREQ=DAILY\nEND:VEVENT\n"))
        .collect();
    assert!(
        refusal(&format!("BEGIN:VCALENDAR\n{daily}END:VCALENDAR"))
            .1
            .contains("at most 10000 closed days")
    );
}
