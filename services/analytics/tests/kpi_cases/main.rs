//! Runs the worked KPI cases (a folder each with `history.jsonl` and `expect.json`) against the definitions.
//!
//! The folder comes from `VORRANG_KPI_CASES`, or lies beside the one in `VORRANG_SAMPLES`. Without either the
//! test says so on the terminal and passes: the project's own tables (`src/kpis/tests.rs`) always run.
//! Expectations about figures, clocks and dimensions that this service does not have yet are counted as skipped,
//! by name, so that nobody takes a skip for a pass.

mod expect;
mod history;

use std::io::Write as _;
use std::path::PathBuf;

use vorrang_analytics::facts::Facts;

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
    let mut held = 0;
    let mut skipped = std::collections::BTreeMap::<String, u32>::new();
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(case.join("history.jsonl")).expect("a history");
        let mut facts = Facts::default();
        history::read(&text, &mut facts);
        let text = std::fs::read_to_string(case.join("expect.json")).expect("expectations");
        let expectations: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        for (place, expectation) in expectations.iter().enumerate() {
            match expect::check(&facts, expectation) {
                expect::Verdict::Holds => held += 1,
                expect::Verdict::Skipped(why) => *skipped.entry(why).or_default() += 1,
                expect::Verdict::Fails(differences) => {
                    failures.push(format!(
                        "{name} [{place}] {expectation}\n    {}",
                        differences.join("\n    ")
                    ));
                }
            }
        }
    }
    let not_yet: Vec<String> = skipped.iter().map(|(why, times)| format!("{why} ×{times}")).collect();
    say(&format!(
        "KPI cases: {held} expectations hold; not served yet: {}",
        not_yet.join(", ")
    ));
    assert!(
        failures.is_empty(),
        "{} expectations fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(held > 0, "no expectation concerned the figures that are served");
}
