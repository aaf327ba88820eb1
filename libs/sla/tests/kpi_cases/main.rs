//! Runs what the worked KPI cases (a folder each with `history.jsonl` and `expect.json`) expect of `sla_attainment`.
//!
//! The folder comes from `VORRANG_KPI_CASES`, or lies beside the one in `VORRANG_SAMPLES`. Without either the test says so on
//! the terminal and passes: this crate's own tables and properties always run.

mod attainment;
mod history;

use std::io::Write as _;
use std::path::PathBuf;

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
fn every_worked_case_of_sla_attainment_holds() {
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
    let (mut held, mut failures) = (0, Vec::new());
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(case.join("expect.json")).expect("expectations");
        let expectations: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        let text = std::fs::read_to_string(case.join("history.jsonl")).expect("a history");
        for query in expectations.iter().filter(|query| query["kpi"] == "sla_attainment") {
            match attainment::check(&history::lines(&text), query) {
                Ok(()) => held += 1,
                Err(differences) => failures.push(format!("{name}: {query}\n    {}", differences.join("\n    "))),
            }
        }
    }
    say(&format!("KPI cases: {held} expectations of sla_attainment hold"));
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
    assert!(held > 0, "no expectation concerned sla_attainment");
}
