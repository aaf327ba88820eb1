//! `vorrang preset`: for whoever writes a preset. Nothing is kept, and no suite need run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use vorrang_error::Error;
use vorrang_ingestion::presets::{Folder, Mapped, Preset, Presets};
use vorrang_ingestion::trial::{self, Push};

#[derive(Args)]
pub struct PresetArgs {
    #[command(subcommand)]
    command: PresetCommand,
}

#[derive(Subcommand)]
enum PresetCommand {
    /// Lists the presets there are.
    List {
        #[command(flatten)]
        own: Own,
    },
    /// Says of each preset file whether it is right, and if not, the line and the reason.
    Check {
        /// Preset files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Prints what a preset reads from a payload, one JSON line for each contact, name and problem; with a secret also whether the
    /// signature is right.
    Try(Try),
}

/// Where one's own presets are.
#[derive(Args)]
struct Own {
    /// A folder of presets of one's own, as `ingestion.presets` names it.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Args)]
struct Try {
    /// The id of a preset, or a preset file (*.toml).
    preset: String,
    /// The payload as it came, without its headers.
    payload: PathBuf,
    #[command(flatten)]
    own: Own,
    /// A header that came with it, `Name: value`; may be given several times.
    #[arg(long = "header", short = 'H', value_name = "HEADER", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The source's secret: then the signature is checked, too.
    #[arg(long, env = "VORRANG_PRESET_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The address that it was pushed to, for vendors that sign it.
    #[arg(long, default_value = "http://localhost/v1/sources/trial/events")]
    url: String,
    /// When it came (RFC 3339), for vendors that sign the time. Without it: now.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("must be `Name: value`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Exit code 1 when a preset is wrong, or a payload is not wholly understood or not signed as it should be.
pub fn run(args: &PresetArgs) -> Result<ExitCode, Error> {
    let (lines, fine) = match &args.command {
        PresetCommand::List { own } => (list(&presets(own)?), true),
        PresetCommand::Check { files } => check(files)?,
        PresetCommand::Try(args) => try_out(args)?,
    };
    let mut out = std::io::stdout().lock();
    for line in lines {
        // Whoever reads may stop early (`| head`): then there is nobody left to tell.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn presets(own: &Own) -> Result<Presets, Error> {
    let folder = own.folder.as_deref().map(|path| Folder { path, named: true });
    Presets::load(folder)
}

fn list(presets: &Presets) -> Vec<String> {
    let line = |preset: &Preset| format!("{:20} {}", preset.id(), preset.description());
    presets.iter().map(line).collect()
}

fn check(files: &[PathBuf]) -> Result<(Vec<String>, bool), Error> {
    let mut lines = Vec::new();
    let mut fine = true;
    for file in files {
        let shown = file.display().to_string();
        match Preset::parse(&shown, &text(file)?) {
            Ok(preset) => lines.push(format!("{shown}: {} is right", preset.id())),
            Err(error) => {
                fine = false;
                lines.push(error.message().to_owned());
            }
        }
    }
    Ok((lines, fine))
}

fn try_out(args: &Try) -> Result<(Vec<String>, bool), Error> {
    let preset = match args.preset.ends_with(".toml") {
        true => Preset::parse(&args.preset, &text(Path::new(&args.preset))?)?,
        false => presets(&args.own)?.get(&args.preset)?.clone(),
    };
    let body = std::fs::read(&args.payload).map_err(|why| unreadable(&args.payload, &why))?;
    let (origin, path) = split(&args.url);
    let origins = [origin.to_owned()];
    let named = args
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let guessed = named.map_or_else(|| guess(&args.payload, &body), |(_, value)| value.clone());
    let push = Push {
        content_type: &guessed,
        headers: &args.headers,
        path,
        origins: &origins,
        body: &body,
        now: args.at.unwrap_or_else(|| vorrang_clock::system().now()),
    };
    let read = trial::read(&preset, &push);
    let mut fine = read.problems.is_empty();
    let mut lines = told(&read);
    if let Some(secret) = &args.secret {
        let right = trial::is_signed(&preset, secret, &push);
        fine &= right;
        lines.push(json!({"signature": if right { "right" } else { "wrong" }}));
    }
    Ok((lines.iter().map(Value::to_string).collect(), fine))
}

fn told(read: &Mapped) -> Vec<Value> {
    let contacts = read
        .contacts
        .iter()
        .map(|part| json!({"item": part.position, "contact": part.contact}));
    let names = read
        .thin
        .iter()
        .map(|thin| json!({"item": thin.position, "needs_enrichment": thin.external_id}));
    let problems = read
        .problems
        .iter()
        .map(|problem| json!({"problem": problem.reason, "detail": problem.detail}));
    let skipped = (read.skipped > 0).then(|| json!({"no_contacts": read.skipped}));
    contacts.chain(names).chain(problems).chain(skipped).collect()
}

/// `https://host` and `/path?query`.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    let (origin, path) = url.split_at(end);
    (origin, if path.is_empty() { "/" } else { path })
}

/// The media type of a payload whose headers nobody wrote down.
fn guess(file: &Path, body: &[u8]) -> String {
    let first = body
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    if let Some(boundary) = first.strip_prefix(b"--") {
        return format!("multipart/form-data; boundary={}", String::from_utf8_lossy(boundary));
    }
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let kind = match ending.as_str() {
        "eml" => "message/rfc822",
        "xml" => "text/xml",
        "form" | "txt" => "application/x-www-form-urlencoded",
        "jsonl" | "ndjson" => "application/x-ndjson",
        _ => "application/json",
    };
    kind.to_owned()
}

fn text(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|why| unreadable(file, &why))
}

fn unreadable(file: &Path, why: &std::io::Error) -> Error {
    Error::unavailable("FILE_UNREADABLE", format!("cannot read {}: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_before_its_path() {
        assert_eq!(split("https://a.example/b?c=/d"), ("https://a.example", "/b?c=/d"));
        assert_eq!(split("https://a.example"), ("https://a.example", "/"));
        assert_eq!(split("a.example/b"), ("a.example", "/b"));
    }

    #[test]
    fn a_media_type_is_guessed_from_content_and_name() {
        let kind = |name: &str, body: &str| guess(Path::new(name), body.as_bytes());
        assert_eq!(kind("a.form", "--x1\r\nContent-"), "multipart/form-data; boundary=x1");
        assert_eq!(kind("a.EML", "From: a"), "message/rfc822");
        assert_eq!(kind("a", "{}"), "application/json");
    }
}
