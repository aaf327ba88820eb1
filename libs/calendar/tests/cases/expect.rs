//! What a case expects, and whether it is so.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::history::{Desk, Ticket};

/// What became of an expectation.
#[derive(Debug)]
pub enum Verdict {
    Holds,
    /// About another figure or the elapsed clock.
    NotOurs,
    /// With the first difference.
    Fails(String),
}

/// The open seconds of some tickets.
#[derive(Debug, Default)]
struct Figure {
    seconds: Vec<f64>,
    open: u32,
}

/// Compares one expectation with the desk.
pub fn check(desk: &Desk, expectation: &Value) -> Verdict {
    let kpi = expectation["kpi"].as_str().unwrap_or_default();
    if expectation["clock"] != "business" || !["first_response_time", "full_resolution_time"].contains(&kpi) {
        return Verdict::NotOurs;
    }
    let zone: Tz = expectation["time_zone"]
        .as_str()
        .unwrap_or("UTC")
        .parse()
        .expect("a zone");
    let period = instant(&expectation["from"], zone)..instant(&expectation["to"], zone);
    let dimension = expectation["by"][0].as_str();
    let mut total = Figure::default();
    let mut rows: BTreeMap<String, Figure> = BTreeMap::new();
    for ticket in desk
        .tickets
        .iter()
        .filter(|ticket| ticket.calendar.is_some() && fits(ticket, expectation))
    {
        let (cohort, value) = match kpi {
            "first_response_time" => (ticket.opened, ticket.first_response()),
            _ => match ticket.resolution() {
                Some((solved, seconds)) => (solved, Some(seconds)),
                None => (ticket.opened, None),
            },
        };
        if !period.contains(&cohort) {
            continue;
        }
        let row = rows.entry(key(ticket, cohort, dimension, zone)).or_default();
        for figure in [&mut total, row] {
            match value {
                Some(seconds) => figure.seconds.push(seconds),
                None => figure.open += u32::from(!ticket.over),
            }
        }
    }
    let expect = &expectation["expect"];
    let differences = compare("total", &total, expect).or_else(|| {
        let expected = expect["rows"].as_array()?;
        let differing = expected.iter().find_map(|row| {
            let name = row["key"][dimension?].as_str()?;
            compare(name, rows.get(name).unwrap_or(&Figure::default()), row)
        });
        let filled = rows.values().filter(|figure| !figure.seconds.is_empty()).count();
        differing.or_else(|| (filled > expected.len()).then(|| format!("more rows than expected: {rows:?}")))
    });
    differences.map_or(Verdict::Holds, Verdict::Fails)
}

/// The first field in which a figure is not as expected.
fn compare(name: &str, figure: &Figure, expect: &Value) -> Option<String> {
    let mut sorted = figure.seconds.clone();
    sorted.sort_by(f64::total_cmp);
    let (sum, count) = (sorted.iter().sum::<f64>(), sorted.len() as f64);
    let mean = (count > 0.0).then(|| sum / count);
    for (field, expected) in expect.as_object()? {
        let (found, tolerance) = match field.as_str() {
            "key" | "rows" => continue,
            "null" => (mean.map(|_| 1.0), 0.0),
            "value" | "mean" => (mean, 1e-6),
            "sum" => (Some(sum), 1e-6),
            "count" => (Some(count), 0.0),
            "open" => (Some(f64::from(figure.open)), 0.0),
            "median" => (median(&sorted), 0.01),
            other => return Some(format!("{name}: {other} is not computed here")),
        };
        let fits = match (found, expected.as_f64()) {
            (Some(found), Some(expected)) => (found - expected).abs() <= tolerance * expected.abs().max(1.0),
            (None, _) => expected == &Value::Bool(true),
            (Some(_), None) => false,
        };
        if !fits {
            return Some(format!("{name}: {field} is {found:?}, not {expected}"));
        }
    }
    None
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len().checked_sub(1)?;
    Some((sorted[middle / 2] + sorted[middle.div_ceil(2)]) / 2.0)
}

fn fits(ticket: &Ticket, expectation: &Value) -> bool {
    let channel = &expectation["filter"]["channel"];
    channel.is_null() || *channel == Value::String(ticket.channel.clone())
}

fn key(ticket: &Ticket, cohort: DateTime<Utc>, dimension: Option<&str>, zone: Tz) -> String {
    let date = cohort.with_timezone(&zone).date_naive();
    match dimension {
        Some("day") => date.format("%Y-%m-%d").to_string(),
        Some("month") => date.format("%Y-%m").to_string(),
        Some("sla_policy") => ticket.policy.clone().unwrap_or_default(),
        Some(other) => panic!("no case splits business time by {other}"),
        None => String::new(),
    }
}

/// A time, or the midnight of a date.
fn instant(value: &Value, zone: Tz) -> DateTime<Utc> {
    let text = value.as_str().expect("a date or a time");
    match text.parse::<NaiveDate>() {
        Ok(date) => {
            let midnight = zone.from_local_datetime(&date.and_time(Default::default())).earliest();
            midnight.expect("a midnight").to_utc()
        }
        Err(_) => text.parse().expect("a time"),
    }
}
