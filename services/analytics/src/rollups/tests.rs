//! Random histories over many days, told late, out of order and with corrections: what roll-ups answer is what rows answer.

use chrono_tz::Tz;
use proptest::prelude::*;

use crate::buckets::{Grain, Micros};
use crate::dimensions::Dimension;
use crate::facts::Facts;
use crate::kpis::tests::random::{Deed, apply_in};
use crate::kpis::{ALL, Clock, Source};
use crate::query::{Filter, Query, run};
use crate::rows::Ledger;
use crate::view::View;

const HOUR: Micros = 3_600_000_000;
/// A "minute" of the random deeds: forty of them are more than nine days.
const UNIT: Micros = 5 * HOUR + 1_234_567;

/// Which grain, dimensions, filter, zone and clock.
type Mix = (u8, u8, u8, u8, bool);

const BY: [&[Dimension]; 8] = [
    &[],
    &[Dimension::Channel],
    &[Dimension::Agent, Dimension::Team],
    &[Dimension::Tag],
    &[Dimension::Queue, Dimension::HourOfDay],
    &[Dimension::Tier, Dimension::Priority, Dimension::Intent],
    &[Dimension::Customer],
    &[Dimension::DayOfWeek, Dimension::SlaPolicy],
];

fn filter(dimension: Dimension, values: &[&str]) -> Filter {
    let value = |value: &&str| Some((*value).to_owned()).filter(|value| !value.is_empty());
    Filter {
        dimension,
        values: values.iter().map(value).collect(),
    }
}

/// All differences between answers with `ledger` and without, in figures that can be asked so.
fn compare(ledger: &Ledger, facts: &Facts, as_of: Micros, (from, to): (Micros, Micros), mix: Mix) -> Vec<String> {
    let (grain, by, which, zone, business) = mix;
    let grains = [
        None,
        Some(Grain::Hour),
        Some(Grain::Day),
        Some(Grain::Week),
        Some(Grain::Month),
    ];
    let by = BY[usize::from(by) % BY.len()];
    let filters = [
        vec![],
        vec![filter(Dimension::Channel, &["email", ""])],
        vec![
            filter(Dimension::Agent, &["ann"]),
            filter(Dimension::Queue, &["q", "r"]),
        ],
        vec![filter(Dimension::Tag, &["x"])],
        vec![filter(Dimension::Tag, &["x", "y"])],
        vec![
            filter(Dimension::Team, &["north"]),
            filter(Dimension::Channel, &["nobody"]),
        ],
    ];
    let filters = &filters[usize::from(which) % filters.len()];
    let anew = View::new(facts, as_of);
    let remembered = View::with(ledger, facts, as_of);
    let mut failures = Vec::new();
    for kpi in ALL {
        let mut asked = by.iter().chain(filters.iter().map(|filter| &filter.dimension));
        if asked.any(|dimension| !kpi.dimensions.contains(dimension)) {
            continue;
        }
        for variant in kpi.variants {
            let query = Query {
                kpi,
                variant,
                clock: if business { Clock::Business } else { Clock::Elapsed },
                from,
                to,
                zone: [Tz::UTC, Tz::Europe__Berlin, Tz::Asia__Kathmandu][usize::from(zone) % 3],
                grain: grains[usize::from(grain) % grains.len()],
                by,
                filters,
            };
            let (expected, found) = (run(&anew, &query), run(&remembered, &query));
            let asked: Vec<Dimension> = by
                .iter()
                .copied()
                .chain(filters.iter().map(|one| one.dimension))
                .collect();
            let many = filters.iter().any(|filter| filter.values.len() > 1);
            let needs_rows = [
                Dimension::Customer,
                Dimension::Team,
                Dimension::HourOfDay,
                Dimension::DayOfWeek,
            ];
            let plain = !many && !asked.contains(&Dimension::Tag) && !asked.iter().any(|one| needs_rows.contains(one));
            if plain && variant.source() == Source::RollUps && remembered.rolled_up(&query).as_ref() != Some(&expected)
            {
                failures.push(format!("{}/{} is not rolled up", kpi.id, variant.id));
            }
            if expected != found {
                failures.push(format!(
                    "{}/{} ({:?}): rows say {expected:?}, roll-ups {found:?}",
                    kpi.id,
                    variant.id,
                    variant.source()
                ));
            }
        }
    }
    failures
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rollups_say_what_rows_say_whatever_is_told_when(
        deeds in prop::collection::vec(any::<Deed>(), 1..120),
        asked in prop::collection::vec((0..120_usize, any::<Mix>(), 0..45_i64, 1..45_i64), 1..7),
    ) {
        let mut facts = Facts::default();
        let ledger = Ledger::default();
        let mut now = 0;
        for (number, deed) in deeds.iter().enumerate() {
            apply_in(&mut facts, number, deed, UNIT);
            for (after, mix, from, length) in &asked {
                // Every question comes again and again while more is told: its cube lives through corrections.
                if number >= *after && (number - after) % 9 == 0 {
                    now = (now + UNIT).max(i64::try_from(number).expect("few") * UNIT / 3);
                    let from = from * UNIT - HOUR / 3;
                    let period = (from, from + length * UNIT);
                    let failures = compare(&ledger, &facts, now, period, *mix);
                    prop_assert!(failures.is_empty(), "as of {now}, {period:?}, {mix:?}:\n{}", failures.join("\n"));
                }
            }
        }
    }

    #[test]
    fn whole_days_and_hours_are_answered_alike(
        deeds in prop::collection::vec(any::<Deed>(), 20..90),
        mixes in prop::collection::vec(any::<Mix>(), 3),
    ) {
        let mut facts = Facts::default();
        let ledger = Ledger::default();
        for (number, deed) in deeds.iter().enumerate() {
            apply_in(&mut facts, number, deed, UNIT);
            if number % 15 == 14 {
                for mix in &mixes {
                    let failures = compare(&ledger, &facts, 100 * UNIT, (0, 24 * HOUR * 14), *mix);
                    prop_assert!(failures.is_empty(), "{mix:?}:\n{}", failures.join("\n"));
                }
            }
        }
    }
}

#[test]
fn the_registry_says_what_is_answered_from_what() {
    let sources = |source: Source| {
        let all = ALL
            .iter()
            .flat_map(|kpi| kpi.variants.iter().map(move |variant| (kpi, variant)));
        let found = all.filter(|(_, variant)| variant.source() == source);
        found
            .map(|(kpi, variant)| format!("{}/{}", kpi.id, variant.id))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        sources(Source::Everything),
        [
            "busiest_hours/",
            "channel_availability/",
            "channel_switches_per_episode/",
            "contacts_per_episode/",
            "deflection_rate/",
            "fcr_net/",
            "occupancy/",
            "retention_rate/",
            "retention_rate/repeat_purchase",
            "self_service_rate/",
            "self_service_score/",
            "service_level/",
            "transfers_per_episode/",
            "volume_change/",
            "volume_change/previous",
            "volume_change/week",
            "volume_change/month",
            "volume_change/year",
            "workflow_usage/",
            "workflow_usage/share",
            "workflow_usage/time_to_solve"
        ]
    );
}
