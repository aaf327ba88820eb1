//! Random rules against the `rrule` crate.

use chrono::{NaiveTime, TimeZone};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::holidays::line::lines;
use crate::holidays::moment::Moment;

fn numbers(range: std::ops::RangeInclusive<i32>, most: usize) -> impl Strategy<Value = String> {
    vec(range.prop_filter("not zero", |number| *number != 0), 1..=most).prop_map(|numbers| {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers.join(",")
    })
}

/// Either numbered or not: the other reading takes both at once for what fits both.
fn weekdays(numbered: bool) -> impl Strategy<Value = String> {
    const NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let which = (-4..=5_i32).prop_filter("not zero", |number| *number != 0);
    (vec((which, proptest::sample::select(&NAMES[..])), 1..4), any::<bool>()).prop_map(move |(days, plain)| {
        let name = |(which, name): (i32, &str)| match numbered && !plain {
            true => format!("{which}{name}"),
            false => name.to_owned(),
        };
        days.into_iter().map(name).collect::<Vec<_>>().join(",")
    })
}

/// A rule, as text.
fn rules() -> impl Strategy<Value = String> {
    (0..4_usize, any::<[bool; 3]>()).prop_flat_map(|(frequency, [months, days, weekdays_too])| {
        let name = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"][frequency];
        let part = |on: bool, name: &'static str, values: BoxedStrategy<String>| {
            if on {
                values.prop_map(move |values| format!(";{name}={values}")).boxed()
            } else {
                Just(String::new()).boxed()
            }
        };
        // In the week of the start the other reading counts from the start on, not from the first day of the week.
        let chosen = (months || days || weekdays_too) && frequency < 2;
        (
            Just(name),
            1..4_u32,
            part(months, "BYMONTH", numbers(1..=12, 3).boxed()),
            part(days && frequency == 1, "BYMONTHDAY", numbers(-31..=31, 4).boxed()),
            part(days && frequency == 0, "BYYEARDAY", numbers(-366..=366, 4).boxed()),
            part(weekdays_too, "BYDAY", weekdays(frequency < 2).boxed()),
            option::of(numbers(-3..=3, 2)).prop_map(move |set| match set {
                Some(set) if chosen => format!(";BYSETPOS={set}"),
                _ => String::new(),
            }),
            option::of(proptest::sample::select(&["SU", "MO", "WE"][..])),
        )
            .prop_map(
                |(name, interval, months, month_days, year_days, weekdays, set, start)| {
                    let start = start.map(|day| format!(";WKST={day}")).unwrap_or_default();
                    format!("FREQ={name};INTERVAL={interval}{months}{month_days}{year_days}{weekdays}{set}{start}")
                },
            )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn rules_mean_what_another_reading_of_the_standard_says(text in rules(), start in 0..3_000_u64) {
        let start = NaiveDate::from_ymd_opt(2019, 1, 1).expect("a date") + Days::new(start);
        let last = start + Days::new(4 * 366);
        let text = format!("{text};UNTIL={}T000000Z", last.format("%Y%m%d"));
        let line = format!("RRULE:{text}");
        let line = lines(&line).next().expect("a line").expect("a property");
        let rule = Rule::read(&line, Moment::Date(start)).expect("a rule");
        let mut work = 1_000_000;
        let ours = rule.dates(start.and_time(NaiveTime::MIN), last + Days::new(1_000), &mut work).expect("little work");

        // A rule that fits nothing keeps the other reading busy for 100,000 periods.
        prop_assume!(ours.len() > 1);
        let midnight = |date: NaiveDate| rrule::Tz::UTC.from_utc_datetime(&date.and_time(NaiveTime::MIN));
        let rule: rrule::RRule<rrule::Unvalidated> = text.parse().expect("a rule");
        let theirs = rule.build(midnight(start)).expect("a valid rule").all(5_000);
        let mut theirs: Vec<NaiveDate> = theirs.dates.iter().map(|date| date.date_naive()).collect();
        // They leave out a start that the rule does not fit; to us it is the first occurrence.
        if theirs.first() != Some(&start) {
            theirs.insert(0, start);
        }
        prop_assert_eq!(ours, theirs, "{}", text);
    }
}
