//! B14: events into facts, rows and roll-ups, one in twenty of them a correction, beside a loop that adds the same number of
//! values to a table of sums.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use chrono_tz::Tz;
use vorrang_analytics::buckets::Grain;
use vorrang_analytics::kpis::{self, Clock};
use vorrang_analytics::query::{Answer, Query, run as ask};
use vorrang_analytics::rows::Ledger;
use vorrang_analytics::view::View;

use crate::figure;
use crate::history::{BEGIN, DAY, Desk, Dice, END};

/// What is kept up to date meanwhile.
const KEPT: [&str; 6] = [
    "tickets_created",
    "tickets_solved",
    "first_response_time",
    "full_resolution_time",
    "messages",
    "csat",
];
/// Tickets between two looks: what a feed brings at once.
const BATCH: u64 = 2_000;

fn query(id: &str) -> Query<'static> {
    let kpi = kpis::find(id).expect("a key figure");
    Query {
        kpi,
        variant: &kpi.variants[0],
        clock: Clock::Elapsed,
        from: BEGIN,
        to: END + DAY,
        zone: Tz::UTC,
        grain: Some(Grain::Day),
        by: &[],
        filters: &[],
    }
}

/// Measures `tickets`.
pub fn run(tickets: u64) {
    let mut desk = Desk::new(7, tickets);
    let mut ledger = Ledger::default();
    let answers = |view: &View<'_>| -> Vec<Answer> { KEPT.iter().map(|id| ask(view, &query(id))).collect() };
    answers(&View::with(&ledger, &desk.facts, END));
    let begun = Instant::now();
    while desk.tickets < tickets {
        for number in 0..BATCH {
            desk.ticket(END);
            // Two events of about ten a ticket.
            if number % 4 == 0 {
                desk.correct(END - DAY);
            }
        }
        ledger.moment(&desk.facts, END);
        ledger.note(&desk.facts);
        desk.facts.forget_changes();
    }
    let ours = desk.events as f64 / begun.elapsed().as_secs_f64();
    let about = format!("{} events, 5 % corrections, {} figures kept", desk.events, KEPT.len());
    figure("b14", ours, "events/s", &about);
    let limit = hash_adds(desk.events);
    figure("b14-limit", limit, "adds/s", "to a table of sums by day and channel");
    figure("b14-ratio", ours / limit, "", &about);
    let view = View::with(&ledger, &desk.facts, END);
    let anew = View::new(&desk.facts, END);
    assert!(
        answers(&view) == answers(&anew),
        "what was folded is what is computed anew"
    );
    figure("b14-equal", 1.0, "", "every figure, every day, to the bit");
}

/// Adds as many values to sums by day and channel.
fn hash_adds(many: u64) -> f64 {
    let mut dice = Dice::new(11);
    let mut sums: HashMap<(u32, u8), (i64, i64)> = HashMap::new();
    let begun = Instant::now();
    for _ in 0..many {
        let key = (dice.below(731) as u32, dice.below(6) as u8);
        let sum = sums.entry(key).or_default();
        sum.0 += 1;
        sum.1 += dice.below(10_000) as i64;
    }
    black_box(&sums);
    many as f64 / begun.elapsed().as_secs_f64()
}
