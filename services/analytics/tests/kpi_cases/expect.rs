//! Asks what an expectation asks and compares.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets::{self, Grain};
use vorrang_analytics::facts::Facts;
use vorrang_analytics::kpis::{self, Dimension};
use vorrang_analytics::moment::Moment;
use vorrang_analytics::query::{self, Answer, Figures, Filter, Query, Row};

use crate::history::micros;

/// What became of an expectation.
pub enum Verdict {
    /// Equal within the tolerance.
    Holds,
    /// What it asks is not served yet; says what.
    Skipped(String),
    /// The differences.
    Fails(Vec<String>),
}

/// Checks one entry of an `expect.json`.
pub fn check(facts: &Facts, expectation: &Value) -> Verdict {
    let text = |field: &str| expectation.get(field).and_then(Value::as_str);
    let id = text("kpi").expect("a kpi");
    let Some(kpi) = kpis::find(id) else {
        return Verdict::Skipped(id.to_owned());
    };
    if text("clock") == Some("business") {
        return Verdict::Skipped("business clock".to_owned());
    }
    let Some(variant) = kpi.variant(text("variant").unwrap_or("")) else {
        return Verdict::Skipped(format!("{id}/{}", text("variant").unwrap_or("")));
    };
    let mut grain = None;
    let mut by = Vec::new();
    // The key's names in the order in which a row gives its values.
    for name in strings(expectation.get("by")) {
        if let Some(found) = grain_of(&name) {
            grain = Some((name, found));
        } else if let Some(dimension) = Dimension::find(&name) {
            by.push(dimension);
        } else {
            return Verdict::Skipped(format!("by {name}"));
        }
    }
    let mut filters = Vec::new();
    for (name, value) in expectation
        .get("filter")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let Some(dimension) = Dimension::find(name) else {
            return Verdict::Skipped(format!("filter {name}"));
        };
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
        from: time(zone, text("from").expect("from")),
        to: time(zone, text("to").expect("to")),
        zone,
        grain: grain.as_ref().map(|(_, grain)| *grain),
        by: &by,
        filters: &filters,
    };
    let moment = Moment::new(facts, as_of);
    let answer = query::run(&moment, &query);
    let unsatisfied = kpi
        .variant("unsatisfied")
        .map(|variant| query::run(&moment, &Query { variant, ..query }).total);

    let mut names: Vec<String> = by.iter().map(|dimension| dimension.name().to_owned()).collect();
    names.extend(grain.map(|(name, _)| name));
    compare(&answer, unsatisfied, &names, expectation.get("expect").expect("expect"))
}

fn compare(answer: &Answer, unsatisfied: Option<Figures>, names: &[String], expected: &Value) -> Verdict {
    let expected = expected.as_object().expect("an object");
    let mut differences = Vec::new();
    numbers("total", &answer.total, unsatisfied.as_ref(), expected, &mut differences);
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
                None => &nothing,
            };
            numbers(&format!("row {key:?}"), figures, None, row, &mut differences);
        }
        for row in left {
            let figures = &row.figures;
            if figures.count > 0 || figures.open > 0 {
                differences.push(format!("unexpected row {:?}: {figures:?}", key_of(row, names)));
            }
        }
    }
    if differences.is_empty() {
        Verdict::Holds
    } else {
        Verdict::Fails(differences)
    }
}

fn key_of(row: &Row, names: &[String]) -> Map<String, Value> {
    let values = row.key.iter().cloned().chain(row.label.clone().map(Some));
    names.iter().cloned().zip(values.map(Value::from)).collect()
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_f64() == Some(0.0)
}

fn numbers(
    place: &str,
    figures: &Figures,
    unsatisfied: Option<&Figures>,
    expected: &Map<String, Value>,
    differences: &mut Vec<String>,
) {
    for (name, value) in expected {
        let actual = match name.as_str() {
            "key" | "rows" => continue,
            "null" => {
                if figures.value.is_some() {
                    differences.push(format!("{place}: {:?} should be null", figures.value));
                }
                continue;
            }
            "value" => figures.value,
            "numerator" | "satisfied" => figures.numerator,
            "unsatisfied" => unsatisfied.and_then(|figures| figures.numerator),
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
            other => panic!("unknown expectation {other}"),
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

fn strings(value: Option<&Value>) -> Vec<String> {
    let values = value.and_then(Value::as_array).into_iter().flatten();
    values.filter_map(optional).collect()
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
