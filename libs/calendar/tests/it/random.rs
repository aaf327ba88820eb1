//! Random schedules and spans: short lists of nasty values rather than even spreads.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use vorrang_calendar::{DAYS, Draft};

/// Zones with something special, and years in which it happens.
const ZONES: [(&str, i32, i32); 14] = [
    ("Europe/Berlin", 1975, 2040),
    ("Europe/Berlin", 1940, 1950),
    ("America/New_York", 2000, 2040),
    ("Australia/Lord_Howe", 1981, 2030),
    ("Asia/Kathmandu", 1984, 1988),
    ("Pacific/Apia", 2009, 2014),
    ("Pacific/Kwajalein", 1992, 1995),
    ("Africa/Casablanca", 2008, 2090),
    ("America/Sao_Paulo", 1985, 2020),
    ("Africa/Cairo", 2008, 2030),
    ("Atlantic/Azores", 1980, 2030),
    ("Africa/Monrovia", 1970, 1974),
    ("Europe/Dublin", 1910, 1925),
    ("UTC", 1990, 2030),
];

fn hours() -> impl Strategy<Value = String> {
    let minute = prop_oneof![
        3 => (0..48_u32).prop_map(|half| half * 30),
        1 => 0..1_440_u32,
        // Around the usual clock changes.
        1 => 0..200_u32,
    ];
    let end = prop_oneof![4 => minute.clone(), 1 => Just(1_440)];
    (minute, end)
        .prop_map(|(start, end)| format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60))
}

fn version(zones: Vec<&'static str>, first: i32, last: i32) -> impl Strategy<Value = Draft> {
    let day = prop_oneof![2 => vec(hours(), 0..4), 1 => Just(vec!["00:00-24:00".to_owned()])];
    let weekly = btree_map(
        proptest::sample::select(&DAYS[..]).prop_map(str::to_owned),
        day.clone(),
        0..8,
    );
    let exceptions = btree_map(date(first, last).prop_map(|date| date.to_string()), day, 0..40);
    let valid_from = option::of(date(first, last).prop_map(|date| date.to_string()));
    (
        proptest::sample::select(zones),
        instant(first, last),
        weekly,
        exceptions,
        valid_from,
    )
        .prop_map(|(zone, at, weekly, exceptions, valid_from)| Draft {
            at,
            time_zone: zone.to_owned(),
            weekly,
            exceptions,
            valid_from,
        })
}

fn date(first: i32, last: i32) -> impl Strategy<Value = NaiveDate> {
    instant(first, last).prop_map(|at| at.date_naive())
}

fn instant(first: i32, last: i32) -> impl Strategy<Value = DateTime<Utc>> {
    let new_year = |year| {
        NaiveDate::from_ymd_opt(year, 1, 1)
            .expect("a date")
            .and_time(Default::default())
            .and_utc()
    };
    let (from, to) = (new_year(first).timestamp(), new_year(last).timestamp());
    (from..to, prop_oneof![Just(0), 0..1_000_000_i64]).prop_map(|(second, micros)| {
        DateTime::from_timestamp(second, 0).expect("an instant") + TimeDelta::microseconds(micros)
    })
}

/// Versions of one zone, sometimes of two, and the years to look at.
pub fn versions() -> impl Strategy<Value = (Vec<Draft>, i32, i32)> {
    (proptest::sample::select(&ZONES[..]), 0..4_usize).prop_flat_map(|((zone, first, last), other)| {
        let zones = if other == 0 {
            vec![zone, "Asia/Tokyo", "Pacific/Honolulu"]
        } else {
            vec![zone]
        };
        (vec(version(zones, first, last), 1..4), Just(first), Just(last))
    })
}

/// A schedule with an instant that is often near one of its edges, and a length of up to six days.
pub fn questions() -> impl Strategy<Value = (Vec<Draft>, DateTime<Utc>, TimeDelta)> {
    versions().prop_flat_map(|(versions, first, last)| {
        let edges = edges(&versions, first, last);
        let near = (proptest::sample::select(edges), -5 * 86_400..2 * 86_400_i64)
            .prop_map(|(edge, seconds)| edge + TimeDelta::seconds(seconds));
        let from = prop_oneof![1 => instant(first, last), 4 => near];
        let length = prop_oneof![
            3 => (0..6 * 86_400_i64).prop_map(TimeDelta::seconds),
            1 => (0..86_400_000_000_i64).prop_map(TimeDelta::microseconds),
        ];
        (Just(versions), from, length)
    })
}

/// Instants near which something happens: changes of the clock, of the version, exceptions.
fn edges(versions: &[Draft], first: i32, last: i32) -> Vec<DateTime<Utc>> {
    use chrono::{Offset, TimeZone};
    let midnight = |date: &str| -> Option<DateTime<Utc>> {
        Some(date.parse::<NaiveDate>().ok()?.and_time(Default::default()).and_utc())
    };
    let mut edges: Vec<_> = versions.iter().map(|version| version.at).collect();
    for version in versions {
        edges.extend(version.valid_from.as_deref().and_then(midnight));
        edges.extend(version.exceptions.keys().filter_map(|date| midnight(date)));
        let zone: chrono_tz::Tz = version.time_zone.parse().expect("a zone");
        let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let mut at = midnight(&format!("{first}-01-01")).expect("a date");
        let end = midnight(&format!("{last}-01-01")).expect("a date");
        while at < end {
            let next = at + TimeDelta::days(5);
            if offset(at) != offset(next) {
                // Often: there are few of them among many exceptions.
                edges.extend([next; 3]);
            }
            at = next;
        }
    }
    edges
}
