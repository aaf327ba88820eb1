use super::*;
use crate::dimensions::Dimension;
use crate::facts::{Event, Facts, Opened, Order};
use crate::kpis;

const DAY: Micros = 86_400_000_000;

fn at(zone: Tz, date: &str) -> Micros {
    buckets::midnight(zone, date.parse().expect("a date"))
}

fn earlier(earlier: Earlier, from: &str, to: &str) -> (String, String) {
    let zone = Tz::Europe__Berlin;
    let (from, to) = earlier.period(zone, at(zone, from), at(zone, to)).expect("a period");
    let date = |at| {
        assert_eq!(buckets::midnight(zone, buckets::local_date(zone, at)), at, "a midnight");
        buckets::local_date(zone, at).to_string()
    };
    (date(from), date(to))
}

#[test]
fn the_period_before_is_a_whole_one_where_the_period_is() {
    for (from, to, begin, end) in [
        // Over the change of the clocks.
        ("2026-03-30", "2026-03-31", "2026-03-29", "2026-03-30"),
        ("2026-03-30", "2026-04-06", "2026-03-23", "2026-03-30"),
        ("2026-03-01", "2026-04-01", "2026-02-01", "2026-03-01"),
        ("2026-01-01", "2026-04-01", "2025-10-01", "2026-01-01"),
        ("2026-01-01", "2027-01-01", "2025-01-01", "2026-01-01"),
        ("2026-03-10", "2026-03-20", "2026-02-28", "2026-03-10"),
    ] {
        assert_eq!(
            earlier(Earlier::Period, from, to),
            (begin.to_owned(), end.to_owned()),
            "{from}"
        );
    }
    let hour = 3_600_000_000;
    assert_eq!(Earlier::Period.period(Tz::UTC, hour, 3 * hour), Some((-hour, hour)));
}

#[test]
fn the_year_before_has_the_same_dates() {
    for (from, to, begin, end) in [
        ("2026-03-30", "2026-03-31", "2025-03-30", "2025-03-31"),
        ("2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01"),
        ("2024-02-28", "2024-02-29", "2023-02-28", "2023-03-01"),
        ("2024-02-01", "2024-03-01", "2023-02-01", "2023-03-01"),
    ] {
        assert_eq!(
            earlier(Earlier::Year, from, to),
            (begin.to_owned(), end.to_owned()),
            "{from}"
        );
    }
}

fn opened(days: &[(i64, &str)]) -> Facts {
    let mut facts = Facts::default();
    for (number, (day, channel)) in days.iter().copied().enumerate() {
        let ticket = number.to_string();
        let event = Event::Opened(Opened {
            ticket: &ticket,
            customer: "c",
            channel,
            ..Opened::default()
        });
        facts.apply(day * DAY, Order::new(0, number as i64 + 1), event);
    }
    facts
}

#[test]
fn every_row_has_its_counterpart_and_what_vanished_is_told() {
    // Days 10 and 11 against days 8 and 9.
    let facts = opened(&[
        (8, "chat"),
        (8, "email"),
        (9, "phone"),
        (10, "email"),
        (10, "email"),
        (11, "email"),
    ]);
    let view = View::new(&facts, 20 * DAY);
    let kpi = kpis::find("tickets_created").expect("a figure");
    let query = Query {
        kpi,
        variant: &kpi.variants[0],
        clock: kpis::Clock::Elapsed,
        from: 10 * DAY,
        to: 12 * DAY,
        zone: Tz::UTC,
        grain: Some(Grain::Day),
        by: &[Dimension::Channel],
        filters: &[],
    };
    let (answer, then) = beside(&view, &query, &[Earlier::Period]);
    assert_eq!(then.len(), answer.rows.len() + 1);
    let values = |list: &[Then]| -> Vec<Option<f64>> {
        list.iter()
            .map(|then| then.figures.as_ref().and_then(|figures| figures.value))
            .collect()
    };
    assert_eq!((answer.total.value, values(&then[0])), (Some(3.0), vec![Some(3.0)]));
    let rows: Vec<_> = answer
        .rows
        .iter()
        .zip(&then[1..])
        .map(|(row, then)| {
            let day = row.bucket.map(|start| start / DAY);
            let channel = row.key[0].clone().unwrap_or_default();
            (day, channel, row.figures.value, values(then)[0], then[0].from / DAY)
        })
        .collect();
    let row = |day, channel: &str, now, then, from| (Some(day), channel.to_owned(), Some(now), Some(then), from);
    assert_eq!(
        rows,
        [
            row(10, "chat", 0.0, 1.0, 8),
            row(10, "email", 2.0, 1.0, 8),
            row(11, "email", 1.0, 0.0, 9),
            row(11, "phone", 0.0, 1.0, 9),
        ]
    );
}

#[test]
fn a_bucket_that_the_earlier_period_lacks_was_nothing_at_all() {
    let facts = opened(&[(31 + 28 + 30, "email")]);
    let view = View::new(&facts, 400 * DAY);
    let kpi = kpis::find("tickets_created").expect("a figure");
    let query = Query {
        kpi,
        variant: &kpi.variants[0],
        clock: kpis::Clock::Elapsed,
        // March 1970 against its February.
        from: 59 * DAY,
        to: 90 * DAY,
        zone: Tz::UTC,
        grain: Some(Grain::Day),
        by: &[],
        filters: &[],
    };
    let (answer, then) = beside(&view, &query, &[Earlier::Period, Earlier::Year]);
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(then[1][0].figures, None, "there is no 31 February");
    assert_eq!(then[1][1].figures.as_ref().and_then(|figures| figures.value), Some(0.0));
}
