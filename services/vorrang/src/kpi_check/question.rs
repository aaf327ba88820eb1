//! From an entry of `expect.json` to a question over gRPC.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets;
use vorrang_api::analytics::v1::{Clock, DimensionFilter, Grain, QueryKpisRequest};

/// What customers of the source are called here, by their id there.
pub type Customers = BTreeMap<String, String>;

/// How the rows of the answer are to be named.
#[derive(Debug, Default)]
pub struct Naming {
    /// The name of the bucket in keys, and how long it is.
    pub grain: Option<(String, Grain)>,
    pub zone: Tz,
}

/// The question, or what is wrong with the entry.
pub fn ask(
    entry: &Value,
    last: Option<DateTime<Utc>>,
    customers: &Customers,
) -> Result<(QueryKpisRequest, Naming), String> {
    let known = [
        "kpi",
        "variant",
        "clock",
        "from",
        "to",
        "time_zone",
        "filter",
        "by",
        "as_of",
        "expect",
    ];
    let entry = entry.as_object().ok_or("is no object")?;
    if let Some(strange) = entry.keys().find(|field| !known.contains(&field.as_str())) {
        return Err(format!("has a field that is not known: {strange}"));
    }
    let zone_name = text(entry, "time_zone")?.unwrap_or("UTC");
    // One that does not exist is asked for all the same: the answer may be what is expected.
    let zone: Tz = zone_name.parse().unwrap_or(Tz::UTC);
    let mut grain = None;
    let mut dimensions = Vec::new();
    for name in strings(entry.get("by"), "by")? {
        match grain_of(&name) {
            Some(found) if grain.is_none() => grain = Some((name, found)),
            Some(_) => return Err("names two buckets of time".to_owned()),
            None => dimensions.push(name),
        }
    }
    let moment = |field: &str| -> Result<Option<DateTime<Utc>>, String> {
        text(entry, field)?.map(|text| instant(zone, text)).transpose()
    };
    let (from, to) = (moment("from")?, moment("to")?);
    let request = QueryKpisRequest {
        kpis: vec![text(entry, "kpi")?.ok_or("names no kpi")?.to_owned()],
        variant: text(entry, "variant")?.unwrap_or_default().to_owned(),
        clock: match text(entry, "clock")? {
            Some("business") => Clock::Business.into(),
            Some("elapsed") | None => Clock::Elapsed.into(),
            Some(other) => return Err(format!("names a clock that is not known: {other}")),
        },
        from: from.map(vorrang_api::timestamp),
        to: to.map(vorrang_api::timestamp),
        time_zone: zone_name.to_owned(),
        grain: grain.as_ref().map_or(Grain::Unspecified, |(_, grain)| *grain).into(),
        dimensions,
        filters: filters(entry.get("filter"), customers)?,
        as_of: moment("as_of")?.or(last).map(vorrang_api::timestamp),
        wait_for_latest: true,
        ..QueryKpisRequest::default()
    };
    let naming = Naming { grain, zone };
    Ok((request, naming))
}

/// What an entry is about, for people.
pub fn title(entry: &Value) -> String {
    let mut title = entry.get("kpi").and_then(Value::as_str).unwrap_or("?").to_owned();
    for field in ["variant", "clock"] {
        if let Some(word) = entry.get(field).and_then(Value::as_str) {
            title = format!("{title}/{word}");
        }
    }
    if let Some(by) = entry.get("by").filter(|by| !by.is_null()) {
        title = format!("{title} by {by}");
    }
    title
}

fn filters(value: Option<&Value>, customers: &Customers) -> Result<Vec<DimensionFilter>, String> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let named = value.as_object().ok_or("has a filter that is no object")?;
    let one = |(dimension, value): (&String, &Value)| {
        let values = match value {
            Value::Array(values) => values.iter().map(|value| ours(dimension, value, customers)).collect(),
            one => vec![ours(dimension, one, customers)],
        };
        DimensionFilter {
            dimension: dimension.clone(),
            values,
        }
    };
    Ok(named.iter().map(one).collect())
}

/// What the source's value is called here: agents and customers have names of ours.
fn ours(dimension: &str, value: &Value, customers: &Customers) -> String {
    match (dimension, value) {
        (_, Value::Null) => String::new(),
        ("agent", Value::String(id)) if !id.starts_with("agents/") => format!("agents/{id}"),
        ("customer", Value::String(id)) => customers.get(id).unwrap_or(id).clone(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn text<'a>(entry: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, String> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("has a {field} that is no text: {other}")),
    }
}

fn strings(value: Option<&Value>, field: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("has a {field} that is no list of names");
    let values = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(wrong()),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
    values.iter().map(text).collect()
}

/// A date means its local midnight.
fn instant(zone: Tz, text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return DateTime::from_timestamp_micros(buckets::midnight(zone, date))
            .ok_or_else(|| format!("{text} is no time"));
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(|why| format!("{text} is no time: {why}"))?;
    Ok(time.to_utc())
}

fn grain_of(name: &str) -> Option<Grain> {
    Some(match name {
        "hour" => Grain::Hour,
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_an_entry_says_is_asked_for() {
        let entry = json!({
            "kpi": "csat", "variant": "mean", "clock": "business", "from": "2026-03-02", "to": "2026-03-03T00:00:00+01:00",
            "time_zone": "Europe/Berlin", "by": ["day", "agent"], "as_of": "2026-03-20T12:00:00Z", "expect": {},
            "filter": {"agent": ["a1", null], "customer": "c1", "hour_of_day": 9}
        });
        let customers = [("c1".to_owned(), "customers/1".to_owned())].into();
        let (request, naming) = ask(&entry, None, &customers).expect("an entry");
        assert_eq!((request.variant.as_str(), request.clock()), ("mean", Clock::Business));
        assert_eq!(
            (request.grain(), request.dimensions.as_slice()),
            (Grain::Day, &["agent".to_owned()][..])
        );
        let from = request
            .from
            .as_ref()
            .and_then(vorrang_api::from_timestamp)
            .map(|at| at.to_rfc3339());
        assert_eq!(from.as_deref(), Some("2026-03-01T23:00:00+00:00"));
        let values = |dimension: &str| {
            let filter = request.filters.iter().find(|filter| filter.dimension == dimension);
            filter.map(|filter| filter.values.clone()).unwrap_or_default()
        };
        assert_eq!(values("agent"), ["agents/a1", ""]);
        assert_eq!(values("customer"), ["customers/1"]);
        assert_eq!(values("hour_of_day"), ["9"]);
        assert_eq!(naming.grain.map(|(name, _)| name).as_deref(), Some("day"));
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for (entry, said) in [
            (json!({"kpi": "csat", "form": "2026-03-02"}), "form"),
            (json!({"kpi": "csat", "clock": "lunar"}), "lunar"),
            (json!({"kpi": "csat", "from": "yesterday"}), "yesterday"),
            (json!({"kpi": "csat", "by": ["day", "week"]}), "two"),
            (json!({"by": ["day"]}), "kpi"),
        ] {
            let why = ask(&entry, None, &Customers::new()).expect_err("is refused");
            assert!(why.contains(said), "{why}");
        }
    }
}
