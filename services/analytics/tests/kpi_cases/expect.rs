//! Asks what an expectation asks and compares.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets::{self, Grain};
use vorrang_analytics::dimensions::Dimension;
use vorrang_analytics::facts::Facts;
use vorrang_analytics::kpis::{self, Clock};
use vorrang_analytics::query::{self, Answer, Figures, Filter, Named, Query, Row};
use vorrang_analytics::view::View;

/// The differences between one entry of an `expect.json` and what is so.
pub fn check(facts: &Facts, expectation: &Value) -> Vec<String> {
    match ask(facts, expectation) {
        Ok((answer, names)) => compare(&answer, &names, expectation.get("expect").expect("expect")),
        Err(why) => vec![why],
    }
}

fn ask(facts: &Facts, expectation: &Value) -> Result<(Answer, Vec<String>), String> {
    let text = |field: &str| expectation.get(field).and_then(Value::as_str);
    let id = text("kpi").expect("a kpi");
    let kpi = kpis::find(id).ok_or_else(|| format!("{id} is no figure"))?;
    let variant = text("variant").unwrap_or("");
    let variant = kpi.variant(variant).ok_or_else(|| format!("{variant} is no variant"))?;
    let mut grain = None;
    let mut by = Vec::new();
    // The key's names in the order in which a row gives its values.
    for name in strings(expectation.get("by")) {
        if let Some(found) = grain_of(&name) {
            grain = Some((name, found));
        } else {
            by.push(Dimension::find(&name).ok_or_else(|| format!("{name} is no dimension"))?);
        }
    }
    let mut filters = Vec::new();
    for (name, value) in expectation
        .get("filter")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let dimension = Dimension::find(name).ok_or_else(|| format!("{name} is no dimension"))?;
        let values = match value {
            Value::Array(values) => values.iter().map(optional).collect(),
            one => vec![optional(one)],
        };
        filters.push(Filter { dimension, values });
    }
    let zone: Tz = text("time_zone").unwrap_or("UTC").parse().expect("a time zone");
    let as_of = text("as_of").map(micros).or(facts.last()).expect("a history");
    let query = Query {
        kpi,
        variant,
        clock: match text("clock") {
            Some("business") => Clock::Business,
            _ => Clock::Elapsed,
        },
        from: time(zone, text("from").expect("from")),
        to: time(zone, text("to").expect("to")),
        zone,
        grain: grain.as_ref().map(|(_, grain)| *grain),
        by: &by,
        filters: &filters,
    };
    let view = View::new(facts, as_of);
    let answer = query::run(&view, &query);
    if let Some(items) = query::explain(&view, &query)
        && query::add_up(&items, &query) != answer.total
    {
        return Err(format!("what is explained does not add up: {items:?}"));
    }
    let mut names: Vec<String> = by.iter().map(|dimension| dimension.name().to_owned()).collect();
    names.extend(grain.map(|(name, _)| name));
    Ok((answer, names))
}

fn compare(answer: &Answer, names: &[String], expected: &Value) -> Vec<String> {
    let expected = expected.as_object().expect("an object");
    let mut differences = Vec::new();
    numbers("total", &answer.total, expected, &mut differences);
    if let Some(rows) = expected.get("rows").and_then(Value::as_array) {
        let mut left: Vec<&Row> = answer.rows.iter().collect();
        for row in rows {
            let row = row.as_object().expect("a row");
            let key = row.get("key").and_then(Value::as_object).expect("a key");
            let found = left.iter().position(|candidate| key_of(candidate, names) == *key);
            let nothing = Figures::default();
            let figures = match found {
                Some(place) => &left.remove(place).figures,
                None if row.iter().all(|(name, value)| name == "key" || empty(value)) => continue,
                None => {
                    differences.push(format!("no row {key:?}"));
                    &nothing
                }
            };
            numbers(&format!("row {key:?}"), figures, row, &mut differences);
        }
        for row in left.into_iter().filter(|row| !row.figures.is_empty()) {
            differences.push(format!("unexpected row {:?}: {:?}", key_of(row, names), row.figures));
        }
    }
    differences
}

fn key_of(row: &Row, names: &[String]) -> Map<String, Value> {
    let values = row.key.iter().cloned().chain(row.label.clone().map(Some));
    let asked = names.iter().cloned().zip(values);
    let own = row.own.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let told = |(name, value): (String, Option<String>)| {
        let value = match (name.as_str(), &value) {
            ("hour_of_day" | "day_of_week", Some(number)) => Value::from(number.parse::<u32>().expect("a number")),
            ("used", Some(word)) => Value::from(word == "true"),
            _ => Value::from(value),
        };
        (name, value)
    };
    asked.chain(own).map(told).collect()
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_f64() == Some(0.0)
}

fn numbers(place: &str, figures: &Figures, expected: &Map<String, Value>, differences: &mut Vec<String>) {
    for (name, value) in expected {
        let actual = match name.as_str() {
            "key" | "rows" => continue,
            "null" => {
                if figures.value.is_some() {
                    differences.push(format!("{place}: {:?} should be null", figures.value));
                }
                continue;
            }
            "grade" | "band" => {
                let actual = match figures.named(name) {
                    Some(Named::Word(word)) => Some(word),
                    _ => None,
                };
                if actual != value.as_str() {
                    differences.push(format!("{place}: {name} is {actual:?}, expected {value}"));
                }
                continue;
            }
            "value" => figures.value,
            "numerator" => figures.numerator,
            "denominator" => figures.denominator,
            "sum" => figures.sum,
            "count" => Some(figures.count as f64),
            "open" => Some(figures.open as f64),
            "mean" => figures.mean,
            "median" => figures.median,
            "p90" => figures.p90,
            "p95" => figures.p95,
            "p99" => figures.p99,
            "low" => figures.low,
            "high" => figures.high,
            named => match figures.named(named) {
                Some(Named::Number(number)) => Some(number),
                _ => None,
            },
        };
        let expected = value.as_f64();
        // Ours are exact, so quantiles get the narrow tolerance too.
        let equal = match (actual, expected) {
            (Some(actual), Some(expected)) => (actual - expected).abs() <= 1e-6 * expected.abs().max(1.0),
            (actual, expected) => actual.is_none() && expected.is_none(),
        };
        if !equal {
            differences.push(format!("{place}: {name} is {actual:?}, expected {expected:?}"));
        }
    }
}

fn grain_of(name: &str) -> Option<Grain> {
    Some(match name {
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        _ => return None,
    })
}

fn time(zone: Tz, text: &str) -> i64 {
    match text.parse::<NaiveDate>() {
        Ok(date) => buckets::midnight(zone, date),
        Err(_) => micros(text),
    }
}

/// Microseconds since the epoch of an RFC 3339 time.
fn micros(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text)
        .unwrap_or_else(|why| panic!("{text}: {why}"))
        .timestamp_micros()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let values = value.and_then(Value::as_array).into_iter().flatten();
    values.filter_map(optional).collect()
}

fn optional(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        value => value.as_str().map(str::to_owned),
    }
}
