//! The rules of the catalogue as small histories with values worked out by hand: what its definitions leave open, decided.
//!
//! A history is written as lines `HH:MM[:SS] type field=value …` of Monday, 2 March 2026, UTC (`+N` before the time: N days
//! later). A value in brackets is JSON. `actor` takes `customer`, `agent:ID` or `automation`.

mod agents;
mod customers;
mod episodes;
mod examples;
mod merges;
mod queues;
mod sla;
mod solves;
mod surveys;
mod turns;
mod volumes;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets;
use vorrang_analytics::dimensions::Dimension;
use vorrang_analytics::facts::Facts;
use vorrang_analytics::kpis::{self, Clock};
use vorrang_analytics::query::{self, Answer, Figures, Query};
use vorrang_analytics::view::View;

/// A history that is read.
struct Desk {
    facts: Facts,
    clock: Clock,
    days: i64,
}

const DAY: i64 = 86_400_000_000;

fn first_day() -> i64 {
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    buckets::midnight(Tz::UTC, day)
}

/// Reads `lines`, in an order that is not the one in which they count.
fn desk(lines: &[&str]) -> Desk {
    let text: Vec<String> = lines.iter().map(|line| json(line)).collect();
    let (read, bad) = vorrang_history::read_all(&text.join("\n"));
    assert!(bad.is_empty(), "{bad:?}");
    let mut facts = Facts::default();
    for line in read.iter().rev() {
        vorrang_analytics::history::apply(&mut facts, line);
    }
    Desk {
        facts,
        clock: Clock::Elapsed,
        days: 1,
    }
}

fn json(line: &str) -> String {
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let mut time = words.next().expect("a time");
    let mut days = 0;
    if let Some(later) = time.strip_prefix('+') {
        days = later.parse().expect("days");
        time = words.next().expect("a time");
    }
    let date = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date") + chrono::Days::new(days);
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let mut object = Map::new();
    object.insert("at".to_owned(), Value::from(format!("{date}T{time}{seconds}Z")));
    object.insert("type".to_owned(), Value::from(words.next().expect("a type")));
    for word in words {
        let (name, value) = word.split_once('=').expect("field=value");
        let value = match (name, value.split_once(':')) {
            ("actor", Some((kind, id))) => serde_json::json!({ "kind": kind, "id": id }),
            ("actor", None) => serde_json::json!({ "kind": value }),
            ("score" | "solve" | "talk_seconds" | "hold_seconds" | "position", _) => {
                serde_json::from_str(value).expect("a number")
            }
            _ if value.starts_with(['[', '{']) => serde_json::from_str(value).expect("JSON"),
            _ => Value::from(value),
        };
        object.insert(name.to_owned(), value);
    }
    Value::Object(object).to_string()
}

impl Desk {
    /// The same on the business clock.
    fn business(self) -> Self {
        Self {
            clock: Clock::Business,
            ..self
        }
    }

    /// The same asked for so many days.
    fn for_days(self, days: i64) -> Self {
        Self { days, ..self }
    }

    fn ask(&self, id: &str, by: &[Dimension], as_of: Option<i64>) -> Answer {
        let (id, variant) = id.split_once('/').unwrap_or((id, ""));
        let kpi = kpis::find(id).expect("a known figure");
        let query = Query {
            kpi,
            variant: kpi.variant(variant).expect("a known variant"),
            clock: self.clock,
            from: first_day(),
            to: first_day() + self.days * DAY,
            zone: Tz::UTC,
            grain: None,
            by,
            filters: &[],
        };
        let as_of = as_of.or(self.facts.last()).expect("a history");
        query::run(&View::new(&self.facts, as_of), &query)
    }

    /// The total of `figure` or `figure/variant` with everything in.
    fn total(&self, id: &str) -> Figures {
        self.ask(id, &[], None).total
    }

    /// The same asked at `HH:MM:SS` of the first day.
    fn total_at(&self, id: &str, time: &str) -> Figures {
        self.ask(id, &[], Some(self.at(time))).total
    }

    fn at(&self, time: &str) -> i64 {
        let time = chrono::NaiveTime::parse_from_str(time, "%H:%M:%S").expect("a time");
        let into = time.signed_duration_since(chrono::NaiveTime::MIN);
        first_day() + into.num_microseconds().expect("of a day")
    }

    /// Value, count and open of a total.
    fn told(&self, id: &str) -> (Option<f64>, u64, u64) {
        let total = self.total(id);
        (total.value, total.count, total.open)
    }

    /// Numerator, denominator and open of a total.
    fn share(&self, id: &str) -> (f64, f64, u64) {
        parts(&self.total(id))
    }

    /// Key, count and open of every row.
    fn split(&self, id: &str, by: Dimension) -> Vec<(String, u64, u64)> {
        let rows = self.ask(id, &[by], None).rows.into_iter();
        rows.map(|row| {
            let key = row.key[0].clone().unwrap_or_else(|| "-".to_owned());
            (key, row.figures.count, row.figures.open)
        })
        .collect()
    }
}

fn parts(figures: &Figures) -> (f64, f64, u64) {
    let of = |value: Option<f64>| value.expect("a rate");
    (of(figures.numerator), of(figures.denominator), figures.open)
}

/// Equal within what the worked cases allow.
fn near(actual: Option<f64>, expected: f64) -> bool {
    actual.is_some_and(|actual| (actual - expected).abs() <= 1e-6 * expected.abs().max(1.0))
}
