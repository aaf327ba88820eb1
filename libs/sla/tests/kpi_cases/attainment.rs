//! `sla_attainment` of a history, and how it differs from what is expected.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use vorrang_calendar::{Calendar, Schedule};
use vorrang_sla::{How, Metric, Standing, Target, judge};

use crate::history::{Line, Ticket, tickets, time};

/// Targets that are due in the period.
#[derive(Default)]
struct Tally {
    met: u32,
    missed: u32,
    open: u32,
}

/// Compares a query's answer with what it expects; gives every difference.
pub fn check(lines: &[Line], query: &Value) -> Result<(), Vec<String>> {
    let last = lines.last().expect("a history has lines").at;
    let as_of = query.get("as_of").map_or(last, time);
    let zone = query["time_zone"].as_str().unwrap_or("UTC");
    let (from, to) = (bound(&query["from"], zone), bound(&query["to"], zone));
    let by: Vec<&str> = query["by"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut total = Tally::default();
    let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
    for ticket in tickets(lines, as_of).iter().filter(|ticket| passes(ticket, query)) {
        for target in judge(&ticket.terms, ticket.opened_at, &ticket.facts, as_of) {
            let wanted = query["variant"].as_str();
            let is_wanted = wanted.is_none_or(|metric| metric == target.metric.as_str());
            if !is_wanted || !target.due_at.is_some_and(|due| from <= due && due < to) {
                continue;
            }
            count(&mut total, &target);
            if !by.is_empty() {
                let key: Value = by
                    .iter()
                    .map(|name| ((*name).to_owned(), dimension(ticket, &target, name, as_of)))
                    .collect();
                count(rows.entry(key.to_string()).or_default(), &target);
            }
        }
    }
    let mut differences = differ(&total, &query["expect"]);
    if let Some(expected) = query["expect"]["rows"].as_array() {
        for row in expected {
            match rows.remove(&row["key"].to_string()) {
                Some(tally) => differences.extend(differ(&tally, row)),
                None => differences.push(format!("no row {}", row["key"])),
            }
        }
        differences.extend(rows.keys().map(|key| format!("a row too many: {key}")));
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn count(tally: &mut Tally, target: &Target) {
    match target.standing {
        Standing::Met => tally.met += 1,
        Standing::Missed => tally.missed += 1,
        Standing::Running | Standing::Paused => tally.open += 1,
        Standing::NotOwed => {}
    }
}

fn passes(ticket: &Ticket, query: &Value) -> bool {
    let filter = query["filter"].as_object();
    filter.into_iter().flatten().all(|(name, wanted)| {
        let value = match name.as_str() {
            "sla_policy" => ticket.policy.clone().unwrap_or_default(),
            name => ticket
                .attributes
                .get(name)
                .cloned()
                .expect("a dimension that tickets have"),
        };
        wanted == &json!(value) || wanted.as_array().is_some_and(|any| any.contains(&json!(value)))
    })
}

fn dimension(ticket: &Ticket, target: &Target, name: &str, as_of: DateTime<Utc>) -> Value {
    match name {
        "sla_policy" => json!(ticket.policy),
        "agent" => json!(agent(ticket, target, as_of)),
        name => json!(ticket.attributes.get(name).expect("a dimension that tickets have")),
    }
}

/// The author of the reply; of a resolution who had the ticket at the solve; without either who had it when it was due.
fn agent(ticket: &Ticket, target: &Target, as_of: DateTime<Utc>) -> Option<String> {
    let assigned = |at: DateTime<Utc>| {
        let before = ticket.assigned.iter().rev().find(|(from, _)| *from <= at);
        before.and_then(|(_, agent)| agent.clone())
    };
    match target.end {
        Some(end) if end.how == How::Replied => {
            let reply = ticket.replies.iter().find(|(at, _)| *at == end.at);
            reply.and_then(|(_, agent)| agent.clone())
        }
        Some(end) if target.metric == Metric::Resolution => assigned(end.at),
        _ => assigned(target.due_at.map_or(as_of, |due| due.min(as_of))),
    }
}

fn differ(tally: &Tally, expected: &Value) -> Vec<String> {
    let denominator = tally.met + tally.missed;
    let mut answer = BTreeMap::from([
        ("numerator", f64::from(tally.met)),
        ("denominator", f64::from(denominator)),
        ("count", f64::from(denominator)),
        ("open", f64::from(tally.open)),
    ]);
    if denominator > 0 {
        let (low, high) = wilson(f64::from(tally.met), f64::from(denominator));
        answer.insert("value", f64::from(tally.met) / f64::from(denominator) * 100.0);
        answer.extend([("low", low * 100.0), ("high", high * 100.0)]);
    }
    let mut differences = Vec::new();
    for (name, wanted) in expected.as_object().expect("expectations") {
        let holds = match name.as_str() {
            "key" | "rows" => true,
            "null" => answer.contains_key("value") != (wanted == &json!(true)),
            name => match (answer.get(name), wanted.as_f64()) {
                (Some(got), Some(wanted)) => (got - wanted).abs() <= 1e-6 * wanted.abs().max(1.0),
                (got, wanted) => got.is_none() && wanted.is_none(),
            },
        };
        if !holds {
            differences.push(format!(
                "{name}: expected {wanted}, got {:?}",
                answer.get(name.as_str())
            ));
        }
    }
    differences
}

/// The 95 % interval of a share, without continuity correction.
fn wilson(hits: f64, of: f64) -> (f64, f64) {
    let z = 1.959_963_984_540_054_f64;
    let (share, square) = (hits / of, z * z);
    let middle = (share + square / (2.0 * of)) / (1.0 + square / of);
    let reach = z / (1.0 + square / of) * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
    (middle - reach, middle + reach)
}

/// A time, or the local midnight that begins a date.
fn bound(value: &Value, zone: &str) -> DateTime<Utc> {
    let text = value.as_str().expect("a date or time");
    let Ok(date) = text.parse::<NaiveDate>() else {
        return time(value);
    };
    // A desk that is open on this day only opens at its midnight.
    let version =
        json!({"at": "2000-01-01T00:00:00Z", "time_zone": zone, "weekly": {}, "exceptions": {text: ["00:00-24:00"]}});
    let schedule: Schedule = serde_json::from_value(json!([version])).expect("a schedule");
    let before = date
        .checked_sub_days(Days::new(3))
        .expect("a date")
        .and_hms_opt(0, 0, 0)
        .expect("midnight");
    Calendar::new(&schedule).opens_at(before.and_utc()).expect("it opens")
}
