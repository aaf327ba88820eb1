//! What is expected against what came.

use std::fmt;

use serde_json::{Map, Value};
use tonic::Status;
use vorrang_api::analytics::v1::KpiRow;

use super::answer::{self, is_empty, number};
use super::question::{Customers, Naming};

/// Of numbers, and of quantiles, relative to what is expected.
const TOLERANCE: f64 = 1e-6;
const TOLERANCE_OF_QUANTILES: f64 = 0.01;

/// One thing that is not as expected.
#[derive(Debug, PartialEq)]
pub struct Difference {
    pub what: String,
    pub expected: String,
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.what, self.expected, self.got)
    }
}

fn difference(what: impl Into<String>, expected: impl fmt::Display, got: impl fmt::Display) -> Difference {
    Difference {
        what: what.into(),
        expected: expected.to_string(),
        got: got.to_string(),
    }
}

/// The differences of an answer; none: all that is stated holds.
pub fn rows(rows: &[KpiRow], expected: &Value, naming: &Naming, customers: &Customers) -> Vec<Difference> {
    let Some(expected) = expected.as_object() else {
        return vec![difference("expect", "an object", expected)];
    };
    if let Some(error) = expected.get("error") {
        return vec![difference("error", error, "figures")];
    }
    let Some((total, rows)) = rows.split_first() else {
        return vec![difference("total", "a row", "none")];
    };
    let mut differences = numbers("", total, expected);
    if let Some(wanted) = expected.get("rows") {
        differences.extend(each(rows, wanted, naming, customers));
    }
    differences
}

/// The differences of a refusal.
pub fn refusal(status: &Status, expected: &Value) -> Vec<Difference> {
    let reason = vorrang_service::reason(status).unwrap_or_default();
    let got = format!("{:?} {reason}: {}", status.code(), status.message());
    match expected.get("error") {
        Some(Value::Bool(true)) => Vec::new(),
        Some(Value::String(wanted)) if reason == *wanted || got.contains(wanted.as_str()) => Vec::new(),
        Some(wanted) => vec![difference("error", wanted, got)],
        None => vec![difference("answer", "figures", got)],
    }
}

fn each(rows: &[KpiRow], wanted: &Value, naming: &Naming, customers: &Customers) -> Vec<Difference> {
    let Some(wanted) = wanted.as_array() else {
        return vec![difference("rows", "a list", wanted)];
    };
    let mut differences = Vec::new();
    let mut left: Vec<(Map<String, Value>, &KpiRow)> = rows
        .iter()
        .map(|row| (answer::key(row, naming, customers), row))
        .collect();
    for row in wanted {
        let no_key = Map::new();
        let key = &named_as_here(row.get("key").and_then(Value::as_object).unwrap_or(&no_key));
        let Some(row) = row.as_object() else {
            differences.push(difference("row", "an object", row));
            continue;
        };
        let what = told(key);
        match left.iter().position(|(found, _)| found == key) {
            Some(place) => differences.extend(numbers(&what, left.remove(place).1, row)),
            None if row.iter().all(|(name, value)| name == "key" || nothing(name, value)) => {}
            None => differences.push(difference(what, "a row", "none")),
        }
    }
    let more = left.into_iter().filter(|(_, row)| !is_empty(row));
    differences.extend(more.map(|(key, row)| {
        let got = format!("value {}, count {}", shown(row.value), row.count);
        difference(told(&key), "no row", got)
    }));
    differences
}

/// The names of dimensions in our spelling of English.
fn named_as_here(key: &Map<String, Value>) -> Map<String, Value> {
    let spelled = |name: &String| {
        if name == "organisation" {
            "organization".to_owned()
        } else {
            name.clone()
        }
    };
    key.iter().map(|(name, value)| (spelled(name), value.clone())).collect()
}

fn told(key: &Map<String, Value>) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|(name, value)| format!("{name}={}", bare(value)))
        .collect();
    format!("row {}", parts.join(","))
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether it says that there is nothing.
fn nothing(name: &str, value: &Value) -> bool {
    value.is_null() || value.as_f64() == Some(0.0) || (name == "null" && value == &Value::Bool(true))
}

fn numbers(place: &str, row: &KpiRow, expected: &Map<String, Value>) -> Vec<Difference> {
    let named = |name: &str| {
        if place.is_empty() {
            name.to_owned()
        } else {
            format!("{place} {name}")
        }
    };
    let mut differences = Vec::new();
    for (name, value) in expected {
        match name.as_str() {
            "key" | "rows" | "error" => {}
            "null" => {
                if value == &Value::Bool(row.value.is_some()) {
                    let wanted = if row.value.is_some() { "null" } else { "a number" };
                    differences.push(difference(named("value"), wanted, shown(row.value)));
                }
            }
            "grade" | "band" => {
                let got = if name == "grade" { &row.grade } else { &row.band };
                if value.as_str().unwrap_or_default() != got {
                    differences.push(difference(named(name), bare(value), got));
                }
            }
            _ => {
                let got = number(row, name);
                if !equal(name, got, value) {
                    differences.push(difference(named(name), value, shown(got)));
                }
            }
        }
    }
    differences
}

fn equal(name: &str, got: Option<f64>, expected: &Value) -> bool {
    match (got, expected.as_f64()) {
        (Some(got), Some(expected)) => {
            let most = match name {
                "median" | "p90" | "p95" | "p99" => TOLERANCE_OF_QUANTILES * expected.abs(),
                _ => 0.0,
            };
            (got - expected).abs() <= most.max(TOLERANCE * expected.abs().max(1.0))
        }
        (None, None) => expected.is_null(),
        _ => false,
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(key: &[(&str, &str)], value: Option<f64>, count: i64) -> KpiRow {
        KpiRow {
            key: key
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            value,
            count,
            median: value,
            ..KpiRow::default()
        }
    }

    fn said(rows: &[KpiRow], expected: &Value) -> Vec<String> {
        let found = super::rows(rows, expected, &Naming::default(), &Customers::new());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_tolerance_is_that_of_the_cases() {
        let total = [row(&[], Some(100.00005), 3)];
        assert!(said(&total, &json!({"value": 100, "count": 3, "median": 100.9})).is_empty());
        assert_eq!(
            said(&total, &json!({"value": 100.001})),
            ["value: expected 100.001, got 100.00005"]
        );
        assert_eq!(
            said(&total, &json!({"median": 102})),
            ["median: expected 102, got 100.00005"]
        );
        assert_eq!(
            said(&total, &json!({"null": true})),
            ["value: expected null, got 100.00005"]
        );
        assert_eq!(said(&total, &json!({"peak": 1})), ["peak: expected 1, got null"]);
        assert!(said(&[row(&[], None, 0)], &json!({"null": true, "value": null, "count": 0})).is_empty());
        assert_eq!(
            said(&[row(&[], None, 0)], &json!({"value": 0})),
            ["value: expected 0, got null"]
        );
    }

    #[test]
    fn rows_are_all_rows_and_empty_ones_may_be_there() {
        let rows = [
            row(&[], Some(3.0), 3),
            row(&[("agent", "agents/a1")], Some(2.0), 2),
            row(&[("agent", "")], Some(1.0), 1),
            row(&[("agent", "agents/a9")], None, 0),
        ];
        let whole = json!({"rows": [{"key": {"agent": null}, "value": 1}, {"key": {"agent": "a1"}, "count": 2},
                                    {"key": {"agent": "a7"}, "null": true, "count": 0}]});
        assert!(said(&rows, &whole).is_empty(), "{:?}", said(&rows, &whole));
        let other = json!({"rows": [{"key": {"agent": "a1"}, "count": 3}, {"key": {"agent": "a2"}, "value": 4}]});
        assert_eq!(
            said(&rows, &other),
            [
                "row agent=a1 count: expected 3, got 2",
                "row agent=a2: expected a row, got none",
                "row agent=null: expected no row, got value 1, count 1",
            ]
        );
    }

    #[test]
    fn a_refusal_is_right_only_when_it_is_expected() {
        let status = Status::invalid_argument("kpis[0] is not a key figure");
        assert!(refusal(&status, &json!({"error": true})).is_empty());
        assert!(refusal(&status, &json!({"error": "not a key figure"})).is_empty());
        assert_eq!(refusal(&status, &json!({"error": "TOO_MANY_ROWS"})).len(), 1);
        assert_eq!(refusal(&status, &json!({"value": 1})).len(), 1);
        assert_eq!(
            said(&[row(&[], None, 0)], &json!({"error": true})),
            ["error: expected true, got figures"]
        );
    }
}
