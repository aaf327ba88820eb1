//! Key figures by command: worked cases, and tables for people and programs.

use std::path::Path;

use vorrang_testkit::{data_folder, run};

use crate::vorrang::{Up, command, printed};

/// A ticket that is answered after 10 minutes and solved after 20.
const HISTORY: &str = r#"{"at":"2026-03-02T09:00:00Z","type":"ticket_opened","ticket":"t1","customer":"c1","channel":"email","tags":["x"]}
{"at":"2026-03-02T09:00:00Z","type":"message","ticket":"t1","actor":{"kind":"customer"}}
{"at":"2026-03-02T09:10:00Z","type":"message","ticket":"t1","actor":{"kind":"agent","id":"a1"}}
{"at":"2026-03-02T09:20:00Z","type":"status","ticket":"t1","status":"solved"}
"#;

const RIGHT: &str = r#"[
  {"kpi": "first_response_time", "from": "2026-03-02", "to": "2026-03-03", "by": ["day", "agent"],
   "expect": {"value": 600, "median": 600, "count": 1, "open": 0, "rows": [{"key": {"day": "2026-03-02", "agent": "a1"}, "value": 600}]}},
  {"kpi": "tickets_created", "from": "2026-03-02", "to": "2026-03-03", "filter": {"customer": "c1"}, "by": ["customer"],
   "expect": {"value": 1, "rows": [{"key": {"customer": "c1"}, "count": 1}]}},
  {"kpi": "first_response_time", "clock": "business", "from": "2026-03-02", "to": "2026-03-03", "expect": {"null": true, "count": 0}},
  {"kpi": "mood", "from": "2026-03-02", "to": "2026-03-03", "expect": {"error": true}}
]"#;

fn case(folder: &Path, name: &str, expectations: &str) -> String {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("history.jsonl"), HISTORY).expect("written");
    std::fs::write(folder.join("expect.json"), expectations).expect("written");
    folder.display().to_string()
}

/// Every worked case of the specification, imported and asked as a customer would: when VORRANG_KPI_CASES names their folder.
#[test]
fn every_worked_case_passes() {
    let Some(cases) = std::env::var_os("VORRANG_KPI_CASES") else {
        eprintln!("skipped: no KPI cases (set VORRANG_KPI_CASES to their folder)");
        return;
    };
    let data = data_folder();
    let cases = cases.to_str().expect("a path");
    let output = command(data.path(), &["kpi-check", cases]).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = said.trim_end().strip_suffix(" passed, 0 failed");
    let passed: usize = passed.and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(
        output.status.success() && passed > 0,
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn cases_pass_or_say_in_a_line_what_differs() {
    let data = data_folder();
    let cases = data.path().join("cases");
    let right = case(&cases, "right", RIGHT);
    let output = command(data.path(), &["kpi-check", &right]).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        said,
        "4 passed, 0 failed\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success());

    let wrong = RIGHT
        .replace("\"median\": 600", "\"median\": 700")
        .replace("\"count\": 0}", "\"count\": 2}");
    case(&cases, "wrong", &wrong);
    // A folder of cases, by name.
    let output = command(data.path(), &["kpi-check", cases.to_str().expect("a path")])
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(
        lines[0].starts_with("wrong #1 first_response_time") && lines[0].ends_with("median: expected 700, got 600"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("wrong #3 first_response_time/business: count: expected 2, got 0"),
        "{said}"
    );
    assert_eq!((lines[2], output.status.code()), ("6 passed, 2 failed", Some(1)));

    let nothing = command(data.path(), &["kpi-check", data.path().to_str().expect("a path")])
        .output()
        .expect("runs");
    assert_eq!(nothing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("history.jsonl"));
}

#[test]
fn figures_are_printed_for_people_and_for_programs() {
    run(async {
        let data = data_folder();
        let up = Up::start(data.path());
        let key = [
            "key", "create", "--tenant", "acme", "--scope", "admin", "--label", "kpi",
        ];
        let key = printed(data.path(), &key).trim().to_owned();
        let file = data.path().join("history.jsonl");
        std::fs::write(&file, HISTORY).expect("written");
        let call = |arguments: &[&str]| {
            let mut command = command(data.path(), arguments);
            let output = command
                .env("VORRANG_URL", &up.url)
                .env("VORRANG_KEY", &key)
                .output()
                .expect("runs");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), said, wrong)
        };
        let (code, said, wrong) = call(&["import", file.to_str().expect("a path")]);
        assert_eq!(code, Some(0), "{said}{wrong}");

        let period = ["--from", "2026-03-01", "--to", "2026-03-04"];
        let asked = [
            &[
                "kpi",
                "first_response_time",
                "tickets_created",
                "--grain",
                "day",
                "--by",
                "channel",
                "--compare",
                "previous-period",
            ][..],
            &period,
        ]
        .concat();
        let (code, table, wrong) = call(&asked);
        assert_eq!(code, Some(0), "{wrong}");
        assert!(
            table.contains("10 min 00 s") && table.contains("email") && table.contains('█'),
            "{table}"
        );
        let (_, json, _) = call(&[&asked[..], &["--json"]].concat());
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
        let total = rows.iter().find(|row| row["total"] == true).expect("a total");
        assert_eq!(
            (total["value"].as_f64(), total["previous_period"]["value"].is_null()),
            (Some(600.0), true)
        );
        let (_, csv, _) = call(&[&asked[..], &["--csv"]].concat());
        assert!(csv.starts_with("kpi,total,bucket,channel,value,count,"), "{csv}");
        assert!(
            csv.contains("tickets_created,false,2026-03-02T00:00:00+00:00,email,1,1,"),
            "{csv}"
        );

        let (_, list, _) = call(&["kpi"]);
        assert!(
            list.contains("first_response_time") && list.contains("since_handoff"),
            "{list}"
        );
        let (code, _, wrong) = call(&[&["kpi", "first_respnse_time"][..], &period].concat());
        assert_eq!(code, Some(1));
        assert!(wrong.contains("first_response_time"), "the nearest is named: {wrong}");
        assert_eq!(Some(0), up.stop());
    });
}
