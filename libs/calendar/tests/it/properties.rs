use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vorrang_calendar::{Calendar, Draft, Overlaps, Schedule};

use crate::naive::Naive;
use crate::random::{questions, versions};

fn schedule(drafts: &[Draft]) -> Schedule {
    let versions = drafts
        .iter()
        .map(|draft| draft.check(Overlaps::Joined).expect("a version"));
    Schedule::new(versions.collect()).expect("a schedule")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn business_time_is_what_counting_every_minute_gives((drafts, from, length) in questions()) {
        let calendar = Calendar::new(&schedule(&drafts));
        let naive = Naive::new(drafts);
        let to = from + length;
        prop_assert_eq!(calendar.business(from, to), naive.business(from, to));
        for at in [from, to] {
            prop_assert_eq!(calendar.is_open(at), naive.is_open(at));
        }
    }

    #[test]
    fn a_target_is_due_where_walking_every_minute_arrives((drafts, from, wanted) in questions(), share in 1..100_i32) {
        let calendar = Calendar::new(&schedule(&drafts));
        let naive = Naive::new(drafts);
        let wanted = TimeDelta::microseconds((wanted / share).num_microseconds().unwrap_or(0).max(1));
        let limit = from + TimeDelta::days(6);
        let due = calendar.due(from, wanted);
        prop_assert_eq!(due.filter(|due| *due <= limit), naive.due(from, wanted, limit));
    }

    #[test]
    fn business_time_adds_up(((drafts, first, last), marks) in (versions(), any::<[u32; 3]>())) {
        let calendar = Calendar::new(&schedule(&drafts));
        let [from, middle, to] = spread(first, last, marks);
        let whole = calendar.business(from, to);
        prop_assert_eq!(calendar.business(from, middle) + calendar.business(middle, to), whole);
        prop_assert!(TimeDelta::zero() <= whole && whole <= to - from);
    }

    #[test]
    fn due_is_the_earliest_instant((drafts, from, length) in questions(), years in 0..20_i64) {
        let calendar = Calendar::new(&schedule(&drafts));
        let to = from + length + TimeDelta::days(years * 365);
        let wanted = calendar.business(from, to);
        if wanted > TimeDelta::zero() {
            let due = calendar.due(from, wanted).expect("used up at the latest at `to`");
            prop_assert!(due <= to);
            prop_assert_eq!(calendar.business(from, due), wanted);
            let just_before = due - TimeDelta::microseconds(1);
            prop_assert!(calendar.business(from, just_before) < wanted);
            // Used up within open time or as it closes.
            prop_assert!(calendar.is_open(just_before));
        }
        if let Some(opens) = calendar.opens_at(from) {
            prop_assert!(calendar.is_open(opens) && opens >= from);
            prop_assert_eq!(calendar.business(from, opens), TimeDelta::zero());
        }
    }

    #[test]
    fn a_snapshot_answers_as_its_schedule((drafts, from, length) in questions()) {
        let schedule = schedule(&drafts);
        let json = serde_json::to_string(&schedule).expect("JSON");
        let again: Schedule = serde_json::from_str(&json).expect("a schedule");
        prop_assert_eq!(&again, &schedule);
        let (left, right) = (Calendar::new(&schedule), Calendar::new(&again));
        prop_assert_eq!(left.business(from, from + length), right.business(from, from + length));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn decades_are_what_adding_up_every_day_gives(((drafts, first, last), marks) in (versions(), any::<[u32; 3]>())) {
        let calendar = Calendar::new(&schedule(&drafts));
        let naive = Naive::new(drafts);
        let [from, _, to] = spread(first, last, marks);
        prop_assert_eq!(calendar.business(from, to), naive.business_by_days(from, to));
    }
}

/// Three instants between the years, in order.
fn spread(first: i32, last: i32, marks: [u32; 3]) -> [DateTime<Utc>; 3] {
    let year = |year: i32| {
        format!("{year}-01-01T00:00:00Z")
            .parse::<DateTime<Utc>>()
            .expect("a time")
            .timestamp_micros()
    };
    let (from, to) = (year(first), year(last));
    let mut micros = marks.map(|mark| from + (i128::from(to - from) * i128::from(mark) / i128::from(u32::MAX)) as i64);
    micros.sort_unstable();
    micros.map(|micros| DateTime::from_timestamp_micros(micros).expect("a time"))
}
