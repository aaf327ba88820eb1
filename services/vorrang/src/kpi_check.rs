//! `vorrang kpi-check`: worked histories, imported through the front door into a suite of their own and asked for over gRPC,
//! against the figures that they must give.
//!
//! A case is a folder with `history.jsonl` (libs/history) and `expect.json`. Each case has a tenant of its own in one suite, which
//! keeps nothing: its data goes with it. The moment of asking is the one that the expectation names, else the time of the
//! history's last line, so no figure depends on when this runs.

mod answer;
mod case;
mod compare;
mod question;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use futures::StreamExt as _;
use vorrang_error::Error;

use case::Case;
use suite::TestSuite;

/// Cases that are imported and asked at the same time: the suite waits for its disk in between.
const AT_ONCE: usize = 4;

#[derive(Args)]
pub struct KpiCheckArgs {
    /// A case (a folder with history.jsonl and expect.json), or a folder of cases.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
}

/// How a case went.
struct Outcome {
    passed: usize,
    failed: usize,
    /// What is to be said, a line each.
    lines: Vec<String>,
}

/// Exit code 1 when a figure is another one than it must be.
pub fn run(args: &KpiCheckArgs) -> Result<ExitCode, Error> {
    let mut cases = Vec::new();
    for folder in &args.folders {
        cases.extend(case::find(folder)?);
    }
    crate::block_on(async move {
        let suite = TestSuite::start().await?;
        let result = check(&suite, cases).await;
        suite.stop().await;
        let failed = result?;
        Ok(if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Prints as it goes, in the order of the cases; gives how many queries failed.
async fn check(suite: &TestSuite, cases: Vec<Case>) -> Result<usize, Error> {
    let (mut passed, mut failed) = (0, 0);
    let outcomes = cases
        .into_iter()
        .enumerate()
        .map(|(place, case)| one(suite, place, case));
    let mut outcomes = futures::stream::iter(outcomes).buffered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        let outcome = outcome?;
        for line in &outcome.lines {
            println!("{line}");
        }
        passed += outcome.passed;
        failed += outcome.failed;
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

async fn one(suite: &TestSuite, place: usize, case: Case) -> Result<Outcome, Error> {
    // Names of folders may repeat and need not be names of tenants.
    let tenant = suite.tenant(&format!("case-{place}"), &case).await?;
    let mut outcome = Outcome {
        passed: 0,
        failed: 0,
        lines: Vec::new(),
    };
    for (number, expectation) in (1..).zip(&case.expectations) {
        let differences = tenant.differences(&case, expectation).await?;
        if differences.is_empty() {
            outcome.passed += 1;
            continue;
        }
        outcome.failed += 1;
        let named = question::title(expectation);
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        outcome
            .lines
            .push(format!("{} #{number} {named}: {}", case.name, told.join("; ")));
    }
    Ok(outcome)
}
