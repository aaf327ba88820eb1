//! Rows for programs: JSON and CSV. A missing value is `null`, and nothing in CSV; it is never 0.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use vorrang_api::analytics::v1::kpi::{Direction, Unit};
use vorrang_api::analytics::v1::{Comparison, Kpi, KpiRow};
use vorrang_error::Error;

use super::arguments::Question;

/// The numbers of a row, in the order of the columns.
const NUMBERS: [&str; 13] = [
    "value",
    "count",
    "sum",
    "numerator",
    "denominator",
    "open",
    "mean",
    "median",
    "p90",
    "p95",
    "p99",
    "low",
    "high",
];

fn numbers(row: &KpiRow) -> [Option<f64>; NUMBERS.len()] {
    [
        row.value,
        Some(row.count as f64),
        row.sum,
        row.numerator,
        row.denominator,
        Some(row.open_count as f64),
        row.mean,
        row.median,
        row.p90,
        row.p95,
        row.p99,
        row.low,
        row.high,
    ]
}

fn bucket(row: &KpiRow, question: &Question) -> Option<String> {
    let start = row.bucket_start_at.as_ref().and_then(vorrang_api::from_timestamp)?;
    Some(start.with_timezone(&question.zone).to_rfc3339())
}

fn compared(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::PreviousYear => "previous_year",
        Comparison::PreviousPeriod | Comparison::Unspecified => "previous_period",
    }
}

/// A whole number without its fraction.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => Value::from(value as i64),
        Some(value) => Value::from(value),
        None => Value::Null,
    }
}

/// An array of rows.
pub fn json(rows: &[KpiRow], question: &Question, kpis: &BTreeMap<&str, &Kpi>) -> Result<String, Error> {
    let rows: Vec<Value> = rows.iter().map(|row| object(row, question, kpis)).collect();
    let text = serde_json::to_string_pretty(&rows);
    let text = text.map_err(|why| Error::internal("rows could not be written as JSON").caused_by(why))?;
    Ok(format!("{text}\n"))
}

fn object(row: &KpiRow, question: &Question, kpis: &BTreeMap<&str, &Kpi>) -> Value {
    let mut object = Map::new();
    object.insert("kpi".to_owned(), Value::from(row.kpi.clone()));
    if !question.request.variant.is_empty() {
        object.insert("variant".to_owned(), Value::from(question.request.variant.clone()));
    }
    if let Some(kpi) = kpis.get(row.kpi.as_str()) {
        object.insert("title".to_owned(), Value::from(kpi.title.clone()));
    }
    object.insert("total".to_owned(), Value::from(row.is_total));
    object.insert(
        "bucket".to_owned(),
        bucket(row, question).map_or(Value::Null, Value::from),
    );
    let value = |value: &String| {
        if value.is_empty() {
            Value::Null
        } else {
            Value::from(value.clone())
        }
    };
    let key: Map<String, Value> = row.key.iter().map(|(name, one)| (name.clone(), value(one))).collect();
    object.insert("key".to_owned(), Value::Object(key));
    for (name, value) in NUMBERS.into_iter().zip(numbers(row)) {
        object.insert(name.to_owned(), number(value));
    }
    for (name, value) in &row.details {
        object.insert(name.clone(), number(Some(*value)));
    }
    for (name, word) in [("grade", &row.grade), ("band", &row.band)] {
        if !word.is_empty() {
            object.insert(name.to_owned(), Value::from(word.clone()));
        }
    }
    for one in &row.comparisons {
        let then = json!({
            "value": number(one.value), "count": one.count, "change": number(one.change), "change_percent": number(one.change_percent),
        });
        object.insert(compared(one.comparison()).to_owned(), then);
    }
    Value::Object(object)
}

/// The definitions, an array.
pub fn definitions(kpis: &[Kpi]) -> String {
    let unit = |unit: i32| {
        Unit::try_from(unit)
            .unwrap_or_default()
            .as_str_name()
            .trim_start_matches("UNIT_")
            .to_lowercase()
    };
    let each: Vec<Value> = kpis
        .iter()
        .map(|kpi| {
            let direction = match kpi.direction() {
                Direction::HigherIsBetter => "higher",
                Direction::LowerIsBetter => "lower",
                Direction::Neutral | Direction::Unspecified => "neutral",
            };
            json!({
                "id": kpi.id, "version": kpi.version, "title": kpi.title, "formula": kpi.formula, "unit": unit(kpi.unit),
                "direction": direction, "cohort_rule": kpi.cohort_rule, "actor_rule": kpi.actor_rule,
                "calendar_rule": kpi.calendar_rule, "null_rule": kpi.null_rule, "dimensions": kpi.dimensions,
                "variants": kpi.variants,
            })
        })
        .collect();
    format!("{:#}\n", Value::Array(each))
}

/// Comma-separated values (RFC 4180) with a head; keys are columns.
pub fn csv(rows: &[KpiRow], question: &Question) -> String {
    let mut keys: Vec<&str> = rows.iter().flat_map(|row| row.key.keys().map(String::as_str)).collect();
    keys.sort_unstable();
    keys.dedup();
    let compared: Vec<&'static str> = question
        .request
        .compare_with
        .iter()
        .map(|one| self::compared(Comparison::try_from(*one).unwrap_or_default()))
        .collect();
    let mut head: Vec<String> = ["kpi", "total", "bucket"].map(str::to_owned).to_vec();
    head.extend(keys.iter().map(|name| (*name).to_owned()));
    head.extend(NUMBERS.map(str::to_owned));
    head.extend(["grade", "band"].map(str::to_owned));
    for name in &compared {
        head.extend([
            (*name).to_owned(),
            format!("{name}_change"),
            format!("{name}_change_percent"),
        ]);
    }
    let mut text = line(&head);
    for row in rows {
        let mut cells = vec![
            row.kpi.clone(),
            row.is_total.to_string(),
            bucket(row, question).unwrap_or_default(),
        ];
        cells.extend(keys.iter().map(|name| row.key.get(*name).cloned().unwrap_or_default()));
        cells.extend(numbers(row).map(cell));
        cells.extend([row.grade.clone(), row.band.clone()]);
        for place in 0..compared.len() {
            let one = row.comparisons.get(place);
            cells.push(cell(one.and_then(|one| one.value)));
            cells.push(cell(one.and_then(|one| one.change)));
            cells.push(cell(one.and_then(|one| one.change_percent)));
        }
        text += &line(&cells);
    }
    text
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn line(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| {
        // A sheet runs what begins like a formula; a number does not.
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        let cell = if is_formula { format!("'{cell}") } else { cell.clone() };
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    let quoted: Vec<String> = quoted.collect();
    format!("{}\r\n", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use vorrang_api::analytics::v1::QueryKpisRequest;

    use super::*;

    fn question() -> Question {
        Question {
            request: QueryKpisRequest::default(),
            zone: Tz::Europe__Berlin,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
        }
    }

    fn row() -> KpiRow {
        KpiRow {
            kpi: "csat".to_owned(),
            bucket_start_at: Some(vorrang_api::timestamp(DateTime::UNIX_EPOCH)),
            key: [("tag", "=cmd()"), ("team", "a,\"b\"")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            value: Some(62.5),
            count: 8,
            ..KpiRow::default()
        }
    }

    #[test]
    fn csv_is_quoted_and_harmless_and_null_is_nothing() {
        let text = csv(&[row()], &question());
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(
            lines[0].starts_with("kpi,total,bucket,tag,team,value,count,sum,"),
            "{text}"
        );
        assert!(
            lines[1].starts_with("csat,false,1970-01-01T01:00:00+01:00,'=cmd(),\"a,\"\"b\"\"\",62.5,8,,"),
            "{text}"
        );
        assert_eq!(line(&["-5.5".to_owned(), "-x".to_owned()]), "-5.5,'-x\r\n");
    }

    #[test]
    fn json_has_null_where_there_is_no_value() {
        let text = json(&[row()], &question(), &BTreeMap::new()).expect("JSON");
        let rows: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (rows[0]["value"].as_f64(), rows[0]["count"].as_i64()),
            (Some(62.5), Some(8))
        );
        assert!(rows[0]["median"].is_null() && rows[0]["key"]["tag"] == "=cmd()");
    }
}
