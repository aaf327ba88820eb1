//! The past of another system, imported through the front door, gives the figures that it must: every worked case, asked over gRPC.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use vorrang_analytics::buckets;
use vorrang_api::analytics::v1::{Clock, DimensionFilter, KpiRow, QueryKpisRequest};
use vorrang_api::ingestion::v1::import_history_request::Request;
use vorrang_api::ingestion::v1::{GetImportRequest, Import, ImportHistoryRequest, ImportStart, import};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, wait_for};

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn imported_histories_give_the_figures_that_they_must() {
    let Some(folder) = folder() else {
        eprintln!("skipped: no KPI cases (set VORRANG_KPI_CASES to their folder)");
        return;
    };
    let stack = Stack::embedded().await;
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("is readable")
        .map(|entry| entry.expect("is readable").path())
        .filter(|path| path.join("expect.json").exists())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let (mut held, mut failures) = (0, Vec::new());
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        // Each in a tenant of its own.
        let client = stack.client(&name).await;
        let history = std::fs::read_to_string(case.join("history.jsonl")).expect("is readable");
        let imported = imported(&client, &history).await;
        let lines = history.lines().filter(|line| !line.trim().is_empty()).count();
        let counted = imported.recorded_count + imported.duplicate_count;
        assert_eq!((counted, imported.bad_count), (lines as i64, 0), "{name}");
        let expectations = std::fs::read_to_string(case.join("expect.json")).expect("is readable");
        let expectations: Vec<Value> = serde_json::from_str(&expectations).expect("JSON");
        for expectation in &expectations {
            // By then names are ours: who a customer or a session was at the source is not asked for here.
            let Some(request) = request(expectation, last(&history)) else {
                continue;
            };
            let answer = client.kpis().query_kpis(request).await;
            let answer = answer.unwrap_or_else(|status| panic!("{name}: {expectation}: {status:?}"));
            let row = answer.into_inner().rows.into_iter().next().expect("the total");
            let expected = expectation["expect"].as_object().expect("numbers");
            match differences(&row, expected) {
                none if none.is_empty() => held += 1,
                some => failures.push(format!("{name}: {expectation}\n    {}", some.join("\n    "))),
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{held} hold, {} do not:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(held > 100, "{held} were asked");
    stack.stop().await;
}

fn folder() -> Option<PathBuf> {
    let beside = |samples: PathBuf| samples.parent().map(|parent: &Path| parent.join("kpi-cases"));
    let named = std::env::var_os("VORRANG_KPI_CASES").map(PathBuf::from);
    named.or_else(|| std::env::var_os("VORRANG_SAMPLES").map(PathBuf::from).and_then(beside))
}

/// Uploads it, and waits until it is applied.
async fn imported(client: &Client, history: &str) -> Import {
    let start = ImportHistoryRequest {
        request: Some(Request::Start(ImportStart::default())),
    };
    let chunk = ImportHistoryRequest {
        request: Some(Request::Chunk(history.as_bytes().to_vec().into())),
    };
    let begun = client
        .imports()
        .import_history(tokio_stream::iter([start, chunk]))
        .await;
    let name = begun.expect("is uploaded").into_inner().name;
    wait_for(DEADLINE, "the import to be applied", || async {
        let request = GetImportRequest { name: name.clone() };
        let import = client
            .imports()
            .get_import(request)
            .await
            .expect("is there")
            .into_inner();
        (import.state() == import::State::Done).then_some(import)
    })
    .await
}

/// The time of the last line.
fn last(history: &str) -> DateTime<Utc> {
    let times = history.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        time(line["at"].as_str().expect("a time"))
    });
    times.max().expect("a line")
}

fn time(text: &str) -> DateTime<Utc> {
    let time = DateTime::parse_from_rfc3339(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    time.to_utc()
}

/// What asks for the total of an expectation; none when it names a thing of the source by its id there.
fn request(expectation: &Value, last: DateTime<Utc>) -> Option<QueryKpisRequest> {
    let text = |field: &str| expectation.get(field).and_then(Value::as_str);
    let zone: Tz = text("time_zone").unwrap_or("UTC").parse().expect("a zone");
    let moment = |field: &str| {
        let text = text(field).expect("a time");
        match text.parse::<NaiveDate>() {
            Ok(date) => DateTime::from_timestamp_micros(buckets::midnight(zone, date)).expect("a time"),
            Err(_) => time(text),
        }
    };
    let mut filters = Vec::new();
    for (dimension, value) in expectation
        .get("filter")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if dimension == "customer" {
            return None;
        }
        let values = match value {
            Value::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        let ours = |value: &Value| match (dimension.as_str(), value) {
            ("agent", Value::String(agent)) => format!("agents/{agent}"),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => String::new(),
            (_, other) => other.to_string(),
        };
        filters.push(DimensionFilter {
            dimension: dimension.clone(),
            values: values.iter().map(ours).collect(),
        });
    }
    let as_of = text("as_of").map_or(last, time);
    Some(QueryKpisRequest {
        kpis: vec![text("kpi").expect("a kpi").to_owned()],
        variant: text("variant").unwrap_or_default().to_owned(),
        clock: match text("clock") {
            Some("business") => Clock::Business.into(),
            _ => Clock::Elapsed.into(),
        },
        from: Some(vorrang_api::timestamp(moment("from"))),
        to: Some(vorrang_api::timestamp(moment("to"))),
        time_zone: zone.name().to_owned(),
        filters,
        as_of: Some(vorrang_api::timestamp(as_of)),
        wait_for_latest: true,
        ..QueryKpisRequest::default()
    })
}

fn differences(row: &KpiRow, expected: &Map<String, Value>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, value) in expected {
        let actual = match name.as_str() {
            "rows" | "grade" | "band" => continue,
            "null" => {
                if row.value.is_some() {
                    differences.push(format!("{:?} should be null", row.value));
                }
                continue;
            }
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
        };
        let equal = match (actual, value.as_f64()) {
            (Some(actual), Some(expected)) => (actual - expected).abs() <= 1e-6 * expected.abs().max(1.0),
            (actual, expected) => actual.is_none() && expected.is_none(),
        };
        if !equal {
            differences.push(format!("{name} is {actual:?}, expected {value}"));
        }
    }
    differences
}
