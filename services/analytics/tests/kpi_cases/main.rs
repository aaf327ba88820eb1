//! Runs the worked KPI cases (a folder each with `history.jsonl` and `expect.json`) against the definitions.
//!
//! The folder comes from `VORRANG_KPI_CASES`, or lies beside the one in `VORRANG_SAMPLES`. Without either the
//! test says so on the terminal and passes: the project's own tables (`src/kpis/tests.rs`) always run.
//! Every expectation is checked: one about a figure, variant or dimension that is not known fails.

mod expect;

use std::io::Write as _;
use std::path::PathBuf;

use vorrang_analytics::facts::Facts;
use vorrang_analytics::history;

fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("VORRANG_KPI_CASES") {
        return Some(PathBuf::from(folder));
    }
    let samples = PathBuf::from(std::env::var_os("VORRANG_SAMPLES")?);
    Some(samples.parent()?.join("kpi-cases"))
}

/// To the terminal itself: the test harness keeps what `eprintln!` writes when a test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn every_worked_case_holds() {
    let Some(folder) = folder() else {
        say("skipped: no KPI cases (set VORRANG_KPI_CASES to their folder)");
        return;
    };
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.join("expect.json").exists())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());

    let mut failures = Vec::new();
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(case.join("history.jsonl")).expect("a history");
        let (lines, bad) = vorrang_history::read_all(&text);
        assert!(bad.is_empty(), "{name}: {bad:?}");
        let mut facts = Facts::default();
        // The order in which they come changes nothing.
        for line in lines.iter().rev() {
            history::apply(&mut facts, line);
        }
        let text = std::fs::read_to_string(case.join("expect.json")).expect("expectations");
        let expectations: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        let (mut passed, mut failed) = (0, 0);
        for (place, expectation) in expectations.iter().enumerate() {
            let differences = expect::check(&facts, expectation);
            if differences.is_empty() {
                passed += 1;
            } else {
                failed += 1;
                failures.push(format!(
                    "{name} [{place}] {expectation}\n    {}",
                    differences.join("\n    ")
                ));
            }
        }
        say(&format!("{name}: {passed} passed, {failed} failed"));
    }
    assert!(
        failures.is_empty(),
        "{} expectations fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
