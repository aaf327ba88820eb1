//! `vorrang mail`: what ingestion reads from mails, one JSON line a file.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use vorrang_error::Error;
use vorrang_ingestion::mail::{Mail, read};

#[derive(Args)]
pub struct MailArgs {
    /// Mails as they came (RFC 5322); a leading mbox `From ` line is accepted.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Read(&'a Mail),
    Failed { error: String },
}

/// Prints a line for every file. Exit code 1 when one of them could not be read.
pub fn run(args: &MailArgs) -> Result<ExitCode, Error> {
    let progress = progress(args.files.len(), "mails");
    let mut out = std::io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        let result = std::fs::read(file).map_err(|error| error.to_string());
        let mail = result.and_then(|raw| read(&raw).map_err(|error| error.to_string()));
        let outcome = match &mail {
            Ok(mail) => Outcome::Read(mail),
            Err(error) => {
                code = ExitCode::FAILURE;
                Outcome::Failed { error: error.clone() }
            }
        };
        let line = serde_json::to_string(&Line {
            file: shown(file),
            outcome,
        })
        .map_err(|error| Error::internal("a mail could not be written as JSON").caused_by(error))?;
        // Whoever reads may stop early (`| head`): then there is nobody left to tell.
        if writeln!(out, "{line}").is_err() {
            return Ok(code);
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(code)
}

fn shown(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}

/// Fewer are done before a bar could be read.
const PROGRESS_MIN: usize = 50;

/// A bar on standard error for `count` things, shown only at a terminal and when there are many.
pub fn progress(count: usize, what: &'static str) -> ProgressBar {
    if count < PROGRESS_MIN || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} {msg}  {eta} left");
    let bar = ProgressBar::new(count as u64).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
