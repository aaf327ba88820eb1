//! The worked KPI cases, as far as they are about business time: first response and full resolution on the business clock.
//!
//! `VORRANG_KPI_CASES` names their folder; where it is not set the test says so. What is expected of other figures and of
//! the elapsed clock is analytics' business.

mod cases;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use cases::expect::{self, Verdict};
use cases::history::Desk;

/// Cases in which hours decide.
const CASES: [&str; 3] = ["business-hours", "dst-overnight", "buckets-time-zones"];

/// To the terminal itself: the test harness keeps what `println!` writes when a test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn the_worked_cases_have_the_business_seconds_that_were_worked_out() {
    let Some(folder) = std::env::var_os("VORRANG_KPI_CASES").map(PathBuf::from) else {
        say("left out: VORRANG_KPI_CASES names no folder");
        return;
    };
    let mut held = 0;
    let mut others = 0;
    let mut failures = Vec::new();
    for case in CASES {
        let desk = Desk::read(&text(&folder.join(case).join("history.jsonl")));
        let expectations: Vec<Value> =
            serde_json::from_str(&text(&folder.join(case).join("expect.json"))).expect("a list");
        for (place, expectation) in expectations.iter().enumerate() {
            match expect::check(&desk, expectation) {
                Verdict::Holds => held += 1,
                Verdict::NotOurs => others += 1,
                Verdict::Fails(difference) => {
                    failures.push(format!("{case} [{place}] {expectation}\n    {difference}"))
                }
            }
        }
    }
    say(&format!(
        "KPI cases: {held} expectations about business time hold; {others} are about something else"
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(held >= 6, "business-hours and dst-overnight have six");
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
