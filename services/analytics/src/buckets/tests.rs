use chrono_tz::Tz;

use super::*;

fn utc(text: &str) -> Micros {
    DateTime::parse_from_rfc3339(text)
        .expect("a test time")
        .timestamp_micros()
}

fn bucket(zone: Tz, grain: Grain, at: &str) -> Bucket {
    let mut axis = Axis::new(zone, grain);
    let start = axis.start_of(utc(at));
    axis.bucket(start).expect("just met").clone()
}

fn hours(bucket: &Bucket) -> i64 {
    (bucket.end - bucket.start) / SECOND / 3_600
}

#[test]
fn a_day_has_23_24_or_25_hours() {
    let spring = bucket(Tz::Europe__Berlin, Grain::Day, "2026-03-29T12:00:00Z");
    assert_eq!((spring.label.as_str(), hours(&spring)), ("2026-03-29", 23));
    let autumn = bucket(Tz::Europe__Berlin, Grain::Day, "2026-10-25T12:00:00Z");
    assert_eq!((autumn.label.as_str(), hours(&autumn)), ("2026-10-25", 25));
    let plain = bucket(Tz::Europe__Berlin, Grain::Day, "2026-03-30T12:00:00Z");
    assert_eq!((plain.label.as_str(), hours(&plain)), ("2026-03-30", 24));
}

#[test]
fn buckets_are_half_open_at_local_midnight() {
    let zone = Tz::Europe__Berlin;
    assert_eq!(bucket(zone, Grain::Day, "2026-03-29T21:59:59Z").label, "2026-03-29");
    assert_eq!(bucket(zone, Grain::Day, "2026-03-29T22:00:00Z").label, "2026-03-30");
    assert_eq!(bucket(zone, Grain::Week, "2026-03-22T22:59:59Z").label, "2026-W12");
    assert_eq!(bucket(zone, Grain::Week, "2026-03-22T23:00:00Z").label, "2026-W13");
    assert_eq!(bucket(zone, Grain::Month, "2026-03-31T21:59:59Z").label, "2026-03");
    assert_eq!(bucket(zone, Grain::Quarter, "2026-03-31T22:00:00Z").label, "2026-Q2");
    assert_eq!(bucket(zone, Grain::Year, "2026-12-31T23:00:00Z").label, "2027");
}

#[test]
fn iso_weeks_belong_to_the_year_of_their_thursday() {
    assert_eq!(bucket(Tz::UTC, Grain::Week, "2027-01-01T00:00:00Z").label, "2026-W53");
    assert_eq!(bucket(Tz::UTC, Grain::Week, "2025-12-29T00:00:00Z").label, "2026-W01");
}

#[test]
fn a_repeated_hour_is_two_buckets() {
    let first = bucket(Tz::Europe__Berlin, Grain::Hour, "2026-10-25T00:30:00Z");
    let second = bucket(Tz::Europe__Berlin, Grain::Hour, "2026-10-25T01:30:00Z");
    assert_eq!(first.label, "2026-10-25T02:00:00+02:00");
    assert_eq!(second.label, "2026-10-25T02:00:00+01:00");
    assert_eq!(first.end, second.start);
    let kathmandu = bucket(Tz::Asia__Kathmandu, Grain::Hour, "2026-01-01T00:20:00Z");
    assert_eq!(kathmandu.label, "2026-01-01T06:00:00+05:45");
    assert_eq!(kathmandu.start, utc("2026-01-01T00:15:00Z"));
}

#[test]
fn a_skipped_time_is_read_with_the_offset_before_the_jump() {
    let local = |text: &str| text.parse::<NaiveDateTime>().expect("a local time");
    // 02:30 does not exist in Berlin on that night: read as +01:00 it is 03:30 +02:00.
    assert_eq!(
        instant(Tz::Europe__Berlin, local("2026-03-29T02:30:00")),
        utc("2026-03-29T01:30:00Z")
    );
    // 02:30 exists twice: the first, still +02:00.
    assert_eq!(
        instant(Tz::Europe__Berlin, local("2026-10-25T02:30:00")),
        utc("2026-10-25T00:30:00Z")
    );
    // Beirut jumps at midnight: the day begins at 01:00 local, the instant of the jump.
    let beirut = bucket(Tz::Asia__Beirut, Grain::Day, "2024-03-31T10:00:00Z");
    assert_eq!(beirut.start, utc("2024-03-30T22:00:00Z"));
    assert_eq!(hours(&beirut), 23);
}

#[test]
fn a_clock_that_falls_back_over_midnight_begins_the_day_once() {
    // St. John's went from 00:01 back to 23:01 of the evening before. The day begins at its first
    // midnight; the repeated evening hour belongs to it.
    let zone = Tz::America__St_Johns;
    let day = bucket(zone, Grain::Day, "2010-11-07T12:00:00Z");
    assert_eq!(day.label, "2010-11-07");
    assert_eq!(day.start, utc("2010-11-07T02:30:00Z"));
    let again = bucket(zone, Grain::Day, "2010-11-07T02:45:00Z");
    assert_eq!(
        local_time(zone, utc("2010-11-07T02:45:00Z")).to_string(),
        "2010-11-06 23:15:00"
    );
    assert_eq!(again, day);
}

#[test]
fn samoa_left_a_day_out() {
    let zone = Tz::Pacific__Apia;
    let before = bucket(zone, Grain::Day, "2011-12-30T09:59:59Z");
    let after = bucket(zone, Grain::Day, "2011-12-30T10:00:00Z");
    assert_eq!(
        (before.label.as_str(), after.label.as_str()),
        ("2011-12-29", "2011-12-31")
    );
    assert_eq!(before.end, after.start);
}

#[test]
fn the_buckets_of_a_grain_tile_the_time_line() {
    for zone in [
        Tz::Europe__Berlin,
        Tz::America__St_Johns,
        Tz::Asia__Beirut,
        Tz::America__Havana,
    ] {
        for grain in [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
            let mut axis = Axis::new(zone, grain);
            let mut at = utc("2009-12-31T00:00:00Z");
            let end = utc("2012-01-02T00:00:00Z");
            while at < end {
                let start = axis.start_of(at);
                let bucket = axis.bucket(start).expect("just met").clone();
                assert!(
                    bucket.start <= at && at < bucket.end,
                    "{zone} {grain:?} {at} is not in {bucket:?}"
                );
                assert_eq!(
                    axis.start_of(bucket.end),
                    bucket.end,
                    "{zone} {grain:?} after {bucket:?}"
                );
                at = bucket.end;
            }
        }
    }
}
