//! Rows of an answer in the words of the source.

use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets::{Axis, Grain as Length};
use vorrang_api::analytics::v1::{Grain, KpiRow};

use super::question::{Customers, Naming};

/// The key of a row: bucket, dimensions, and what the figure itself splits by.
pub fn key(row: &KpiRow, naming: &Naming, customers: &Customers) -> Map<String, Value> {
    let mut key: Map<String, Value> = row
        .key
        .iter()
        .map(|(name, value)| (name.clone(), theirs(name, value, customers)))
        .collect();
    let start = row.bucket_start_at.as_ref().and_then(vorrang_api::from_timestamp);
    if let (Some((name, grain)), Some(start)) = (&naming.grain, start) {
        key.insert(
            name.clone(),
            Value::from(label(naming.zone, *grain, start.timestamp_micros())),
        );
    }
    key
}

/// What our value is called at the source. Empty: none.
fn theirs(name: &str, value: &str, customers: &Customers) -> Value {
    let number = || value.parse::<u32>().ok().map(Value::from);
    match name {
        _ if value.is_empty() => Value::Null,
        "agent" => Value::from(value.strip_prefix("agents/").unwrap_or(value)),
        "customer" => {
            let found = customers.iter().find(|(_, ours)| *ours == value);
            Value::from(found.map_or(value, |(id, _)| id))
        }
        "hour_of_day" | "day_of_week" => number().unwrap_or_else(|| Value::from(value)),
        "used" => Value::from(value == "true"),
        _ => Value::from(value),
    }
}

fn label(zone: Tz, grain: Grain, at: i64) -> String {
    let length = match grain {
        Grain::Hour => Length::Hour,
        Grain::Day => Length::Day,
        Grain::Week => Length::Week,
        Grain::Month => Length::Month,
        Grain::Quarter => Length::Quarter,
        Grain::Year | Grain::Unspecified => Length::Year,
    };
    let mut axis = Axis::new(zone, length);
    let start = axis.start_of(at);
    axis.bucket(start)
        .map(|bucket| bucket.label.clone())
        .unwrap_or_default()
}

/// A number of a row by the name that expectations have for it; None when it has none.
pub fn number(row: &KpiRow, name: &str) -> Option<f64> {
    match name {
        "value" => row.value,
        "numerator" => row.numerator,
        "denominator" => row.denominator,
        "sum" => row.sum,
        "count" => Some(row.count as f64),
        "open" => Some(row.open_count as f64),
        "mean" => row.mean,
        "median" => row.median,
        "p90" => row.p90,
        "p95" => row.p95,
        "p99" => row.p99,
        "low" => row.low,
        "high" => row.high,
        detail => row.details.get(detail).copied(),
    }
}

/// Whether everything in it is nothing: such a row may be there or not.
pub fn is_empty(row: &KpiRow) -> bool {
    let nothing = |value: Option<f64>| value.is_none_or(|value| value == 0.0);
    row.count == 0
        && row.open_count == 0
        && [row.value, row.numerator, row.denominator, row.sum]
            .into_iter()
            .all(nothing)
        && row.details.values().all(|value| *value == 0.0)
        && row.grade.is_empty()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn keys_are_in_the_words_of_the_source() {
        let row = KpiRow {
            bucket_start_at: DateTime::parse_from_rfc3339("2026-03-29T10:00:00+02:00")
                .ok()
                .map(|at| vorrang_api::timestamp(at.to_utc())),
            key: [
                ("agent", "agents/a1"),
                ("team", ""),
                ("hour_of_day", "9"),
                ("customer", "customers/1"),
                ("used", "false"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            ..KpiRow::default()
        };
        let naming = Naming {
            grain: Some(("week".to_owned(), Grain::Week)),
            zone: Tz::Europe__Berlin,
        };
        let customers = [("c1".to_owned(), "customers/1".to_owned())].into();
        let expected = serde_json::json!({
            "agent": "a1", "team": null, "hour_of_day": 9, "customer": "c1", "used": false, "week": "2026-W13"
        });
        assert_eq!(Value::Object(key(&row, &naming, &customers)), expected);
    }
}
