use super::*;
use crate::facts::{Event, Facts, Opened, Order};
use crate::kpis;

fn utc(text: &str) -> Micros {
    chrono::DateTime::parse_from_rfc3339(text)
        .expect("a test time")
        .timestamp_micros()
}

/// Tickets by opening time and channel; no channel is the empty string.
fn desk(tickets: &[(&str, &str)]) -> Facts {
    let mut facts = Facts::default();
    for (number, (at, channel)) in tickets.iter().enumerate() {
        let ticket = number.to_string();
        let opened = Opened {
            ticket: &ticket,
            channel,
            ..Opened::default()
        };
        facts.apply(utc(at), Order::new(0, number as i64), Event::Opened(opened));
    }
    facts
}

fn ask(facts: &Facts, grain: Option<Grain>, by: &[Dimension], filters: &[Filter]) -> Answer {
    let kpi = kpis::find("tickets_created").expect("served");
    let query = Query {
        kpi,
        variant: kpi.variant("").expect("the default"),
        clock: Clock::Elapsed,
        from: utc("2026-03-28T12:00:00Z"),
        to: utc("2026-03-31T00:00:00Z"),
        zone: Tz::Europe__Berlin,
        grain,
        by,
        filters,
    };
    run(&View::new(facts, utc("2026-12-31T00:00:00Z")), &query)
}

type Told<'a> = (Option<&'a str>, Vec<Option<&'a str>>, u64);

/// Bucket, key and count of every row.
fn rows(answer: &Answer) -> Vec<Told<'_>> {
    answer
        .rows
        .iter()
        .map(|row| {
            let key = row.key.iter().map(Option::as_deref).collect();
            (row.label.as_deref(), key, row.figures.count)
        })
        .collect()
}

#[test]
fn the_period_is_half_open() {
    let facts = desk(&[
        ("2026-03-28T11:59:59.999999Z", "email"),
        ("2026-03-28T12:00:00Z", "email"),
        ("2026-03-30T23:59:59.999999Z", "email"),
        ("2026-03-31T00:00:00Z", "email"),
    ]);
    assert_eq!(ask(&facts, None, &[], &[]).total.count, 2);
}

#[test]
fn rows_come_by_bucket_then_key_and_add_up_to_the_total() {
    let facts = desk(&[
        ("2026-03-28T13:00:00Z", "chat"),
        ("2026-03-28T23:30:00Z", "email"),
        ("2026-03-29T21:30:00Z", "chat"),
        ("2026-03-29T21:45:00Z", ""),
    ]);
    let answer = ask(&facts, Some(Grain::Day), &[Dimension::Channel], &[]);
    assert_eq!(
        rows(&answer),
        [
            (Some("2026-03-28"), vec![Some("chat")], 1),
            (Some("2026-03-29"), vec![None], 1),
            (Some("2026-03-29"), vec![Some("chat")], 1),
            (Some("2026-03-29"), vec![Some("email")], 1),
        ]
    );
    assert_eq!(answer.total.count, 4);
    // The first bucket is cut to the period; the next begins at its local midnight.
    assert_eq!(answer.rows[0].bucket, Some(utc("2026-03-28T12:00:00Z")));
    assert_eq!(answer.rows[1].bucket, Some(utc("2026-03-28T23:00:00Z")));
    let unsplit = ask(&facts, None, &[], &[]);
    assert!(unsplit.rows.is_empty());
    assert_eq!(unsplit.total, answer.total);
}

#[test]
fn filters_are_alternatives_inside_and_conditions_between() {
    let facts = desk(&[
        ("2026-03-29T10:00:00Z", "chat"),
        ("2026-03-29T10:00:00Z", "email"),
        ("2026-03-29T10:00:00Z", ""),
    ]);
    let filter = |dimension, values: &[Option<&str>]| Filter {
        dimension,
        values: values.iter().map(|value| value.map(str::to_owned)).collect(),
    };
    let count = |filters: &[Filter]| ask(&facts, None, &[], filters).total.count;
    let channel = Dimension::Channel;
    assert_eq!(count(&[filter(channel, &[Some("chat")])]), 1);
    assert_eq!(count(&[filter(channel, &[Some("chat"), None])]), 2);
    assert_eq!(count(&[filter(channel, &[Some("unheard-of")])]), 0);
    assert_eq!(
        count(&[filter(channel, &[Some("chat")]), filter(Dimension::Agent, &[None])]),
        1
    );
    assert_eq!(
        count(&[
            filter(channel, &[Some("chat")]),
            filter(Dimension::Agent, &[Some("ada")])
        ]),
        0
    );
}

#[test]
fn every_grain_splits() {
    let facts = desk(&[("2026-03-29T10:30:00Z", "chat")]);
    for (grain, label) in [
        (Grain::Hour, "2026-03-29T12:00:00+02:00"),
        (Grain::Day, "2026-03-29"),
        (Grain::Week, "2026-W13"),
        (Grain::Month, "2026-03"),
        (Grain::Quarter, "2026-Q1"),
        (Grain::Year, "2026"),
    ] {
        let answer = ask(&facts, Some(grain), &[], &[]);
        assert_eq!(rows(&answer), [(Some(label), vec![], 1)]);
    }
}
