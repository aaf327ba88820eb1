//! B12: dashboard queries over two years, while more happens.

use std::time::{Duration, Instant};

use chrono_tz::Tz;
use vorrang_analytics::buckets::{Grain, Micros};
use vorrang_analytics::dimensions::Dimension;
use vorrang_analytics::kpis::{self, Clock};
use vorrang_analytics::query::{Answer, Query, run as ask};
use vorrang_analytics::rows::Ledger;
use vorrang_analytics::view::View;

use crate::history::{BEGIN, DAY, Desk, END};
use crate::{figure, millis, resident_mb};

/// Of a hundred tickets, how many each tenant has.
const SIZES: [u64; 6] = [60, 20, 10, 6, 3, 1];
const ROUNDS: i64 = 40;

/// A dashboard: total, series and splits.
const DASHBOARD: [(&str, Option<Grain>, &[Dimension]); 14] = [
    ("tickets_created", Some(Grain::Day), &[]),
    ("tickets_created", Some(Grain::Week), &[Dimension::Channel]),
    ("tickets_solved", Some(Grain::Day), &[]),
    ("tickets_open", Some(Grain::Day), &[]),
    ("first_response_time", None, &[]),
    ("first_response_time", Some(Grain::Day), &[]),
    ("first_response_time", Some(Grain::Month), &[Dimension::Channel]),
    ("full_resolution_time", None, &[Dimension::Queue]),
    ("response_time", Some(Grain::Week), &[]),
    ("one_touch_rate", Some(Grain::Month), &[Dimension::Priority]),
    ("csat", Some(Grain::Day), &[]),
    ("csat", None, &[Dimension::Team]),
    ("messages", None, &[Dimension::HourOfDay, Dimension::DayOfWeek]),
    ("contacts_per_ticket", Some(Grain::Month), &[]),
];

fn query(place: usize, to: Micros) -> Query<'static> {
    let (id, grain, by) = DASHBOARD[place];
    let kpi = kpis::find(id).expect("a key figure");
    Query {
        kpi,
        variant: &kpi.variants[0],
        clock: Clock::Elapsed,
        from: BEGIN,
        to,
        zone: Tz::Europe__Berlin,
        grain,
        by,
        filters: &[],
    }
}

/// Measures `tickets` in all tenants together.
pub fn run(tickets: u64) {
    let begun = Instant::now();
    let mut tenants: Vec<(Desk, Ledger)> = Vec::new();
    for (seed, size) in (1..).zip(SIZES) {
        let many = tickets * size / 100;
        let mut desk = Desk::new(seed, many);
        (0..many).for_each(|_| desk.ticket(END));
        tenants.push((desk, Ledger::default()));
    }
    let events: u64 = tenants.iter().map(|(desk, _)| desk.events).sum();
    figure(
        "b12-made",
        begun.elapsed().as_secs_f64(),
        "s",
        &format!("{tickets} tickets, {events} events"),
    );
    let begun = Instant::now();
    for (desk, ledger) in &tenants {
        ledger.moment(&desk.facts, END);
    }
    figure("b12-derived", begun.elapsed().as_secs_f64(), "s", "all rows, once");
    let mut cold: Vec<Duration> = Vec::new();
    let mut warm: Vec<Duration> = Vec::new();
    let mut largest: Vec<Duration> = Vec::new();
    for round in 0..=ROUNDS {
        let now = END + round * 60_000_000;
        for (tenant, (desk, ledger)) in tenants.iter_mut().enumerate() {
            // Some of it is new and some takes old values back.
            desk.ticket_at(now - DAY / 2);
            desk.correct(now - 1_000_000);
            for place in 0..DASHBOARD.len() {
                let begun = Instant::now();
                let view = View::with(ledger, &desk.facts, now);
                let answer: Answer = ask(&view, &query(place, now));
                let took = begun.elapsed();
                assert!(answer.total.count > 0, "something was counted");
                if round == 0 {
                    cold.push(took);
                } else {
                    warm.push(took);
                    if tenant == 0 {
                        largest.push(took);
                    }
                }
            }
        }
    }
    let about = format!(
        "{tickets} tickets in {} tenants, two years, {} questions",
        SIZES.len(),
        DASHBOARD.len()
    );
    for (name, times) in [
        ("b12-cold", &mut cold),
        ("b12", &mut warm),
        ("b12-largest-tenant", &mut largest),
    ] {
        times.sort_unstable();
        for (part, percent) in [("p50", 50), ("p99", 99), ("max", 100)] {
            let place = (times.len() * percent / 100).min(times.len() - 1);
            figure(&format!("{name}-{part}"), millis(times[place]), "ms", &about);
        }
    }
    let (desk, ledger) = &tenants[0];
    let now = END + ROUNDS * 60_000_000;
    let begun = Instant::now();
    let anew = View::new(&desk.facts, now);
    let expected: Vec<Answer> = (0..DASHBOARD.len())
        .map(|place| ask(&anew, &query(place, now)))
        .collect();
    figure(
        "b12-from-rows",
        millis(begun.elapsed()),
        "ms",
        "the largest tenant, derived anew and read once for all questions",
    );
    let view = View::with(ledger, &desk.facts, now);
    let found: Vec<Answer> = (0..DASHBOARD.len())
        .map(|place| ask(&view, &query(place, now)))
        .collect();
    assert!(expected == found, "roll-ups say what rows say");
    figure("b12-memory", resident_mb(), "MB", &about);
}
