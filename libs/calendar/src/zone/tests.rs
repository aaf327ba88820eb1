use chrono::{MappedLocalTime, NaiveDateTime};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::*;

fn local(text: &str) -> i64 {
    let local: NaiveDateTime = text.parse().expect("a local time");
    local.and_utc().timestamp()
}

fn utc(text: &str) -> i64 {
    text.parse::<DateTime<chrono::Utc>>().expect("an instant").timestamp()
}

#[test]
fn doubled_times_are_the_first_and_skipped_ones_keep_the_offset_before() {
    for (zone, time, instant) in [
        (Tz::Europe__Berlin, "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        (Tz::Europe__Berlin, "2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
        (Tz::Europe__Berlin, "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
        (Tz::Europe__Berlin, "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
        (Tz::Europe__Berlin, "2026-10-25T02:00:00", "2026-10-25T00:00:00Z"),
        (Tz::Europe__Berlin, "2026-10-25T02:59:59", "2026-10-25T00:59:59Z"),
        (Tz::Europe__Berlin, "2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        // Half an hour.
        (Tz::Australia__Lord_Howe, "2026-10-04T02:15:00", "2026-10-03T15:45:00Z"),
        (Tz::Australia__Lord_Howe, "2026-04-05T01:45:00", "2026-04-04T14:45:00Z"),
        // A day that never was.
        (Tz::Pacific__Apia, "2011-12-30T09:00:00", "2011-12-30T19:00:00Z"),
        (Tz::Pacific__Apia, "2011-12-31T09:00:00", "2011-12-30T19:00:00Z"),
        (Tz::Asia__Kathmandu, "2026-01-01T00:00:00", "2025-12-31T18:15:00Z"),
        (Tz::UTC, "2026-01-01T00:00:00", "2026-01-01T00:00:00Z"),
        // Long before and after any clock change.
        (Tz::Europe__Berlin, "1700-01-01T00:53:28", "1700-01-01T00:00:00Z"),
        (Tz::Europe__Berlin, "2500-07-01T01:00:00", "2500-07-01T00:00:00Z"),
    ] {
        assert_eq!(Zone::of(zone).instant(local(time)), utc(instant), "{zone} {time}");
    }
}

#[test]
fn no_two_changes_of_any_zone_are_nearer_than_the_steps_of_the_search() {
    for &zone in &TZ_VARIANTS {
        let zone_changes = Zone::of(zone);
        for pair in zone_changes.changes().windows(2) {
            assert!(pair[1].at - pair[0].at > STEP + DAY, "{zone}: {pair:?}");
            assert_eq!(pair[0].after, pair[1].before, "{zone}");
        }
        if let (Some(first), Some(last)) = (zone_changes.changes().first(), zone_changes.changes().last()) {
            assert!(
                first.at > SEARCHED.0 + 365 * DAY && last.at < SEARCHED.1 - 365 * DAY,
                "{zone}"
            );
        }
        // Nothing changes outside.
        let end = zone_changes
            .changes()
            .last()
            .map_or(zone_changes.first, |change| change.after);
        for week in 0..120 {
            assert_eq!(offset(zone, SEARCHED.0 - week * 7 * DAY), zone_changes.first, "{zone}");
            assert_eq!(offset(zone, SEARCHED.1 + week * 7 * DAY), end, "{zone}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn it_agrees_with_chrono_tz(zone in 0..TZ_VARIANTS.len(), at in -4_200_000_000_i64..4_500_000_000) {
        let tz = TZ_VARIANTS[zone];
        let zone = Zone::of(tz);
        prop_assert_eq!(zone.local(at), at + offset(tz, at));
        let local = DateTime::from_timestamp(at, 0).expect("a time").naive_utc();
        if let MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) = tz.from_local_datetime(&local) {
            prop_assert_eq!(zone.instant(at), instant.timestamp());
        }
    }
}
