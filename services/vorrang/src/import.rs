//! `vorrang import`: brings a service desk's past, from a file, into a suite that runs.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use vorrang_api::ingestion::v1::import::State;
use vorrang_api::ingestion::v1::import_history_request::Request as Part;
use vorrang_api::ingestion::v1::{
    GetImportRequest, Import, ImportHistoryRequest, ImportStart, ListImportErrorsRequest, ListImportsRequest,
};
use vorrang_client::Client;
use vorrang_error::Error;
use vorrang_history::zendesk;

/// Bytes of a message of the upload.
const CHUNK: usize = 64 << 10;
/// How often it is asked how far it is.
const PERIOD: Duration = Duration::from_millis(300);

#[derive(Args)]
pub struct ImportArgs {
    /// The history, JSON Lines (see libs/history); `-` reads it from standard input. Run again after whatever broke: it goes on.
    file: PathBuf,
    /// Applies nothing when any line is bad.
    #[arg(long)]
    strict: bool,
    /// The file is a Zendesk export: tickets with comments or audits, users, as JSON Lines.
    #[arg(long)]
    zendesk: bool,
    /// The system it comes from: ids of one source mean the same in all its imports. Without it `zendesk` or `history`.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Where the suite listens.
    #[arg(long, env = "VORRANG_URL", default_value = "http://127.0.0.1:7700")]
    url: String,
    /// An API key with the scope `sources.admin`.
    #[arg(long, env = "VORRANG_KEY", hide_env_values = true)]
    key: String,
}

/// Exit code 1 when a line was bad.
pub fn run(args: &ImportArgs) -> Result<ExitCode, Error> {
    crate::block_on(async {
        let client = Client::connect(&args.url, &args.key)
            .await
            .map_err(|why| Error::unavailable("NOT_REACHED", format!("cannot reach {}: {why}", args.url)))?;
        let before = ended(&client).await?;
        let id = match args.file.as_os_str() == "-" {
            true => vorrang_client::request_id(),
            // The same file again is the same upload: it goes on where it broke, and afterwards says how it went.
            false => request_id(args)?,
        };
        let (mut import, mut lines) = upload(&client, args, id).await?;
        if before.contains(&import.name) && import.bad_count > 0 {
            // It went wrong before, and what was wrong may be right now: what it refers to may have come with another file.
            (import, lines) = upload(&client, args, vorrang_client::request_id()).await?;
        }
        let import = applied(&client, import).await?;
        errors(&client, &import, &lines).await?;
        println!(
            "{}: {} lines, {} recorded, {} duplicates, {} bad{}",
            import.name,
            import.line_count,
            import.recorded_count,
            import.duplicate_count,
            import.bad_count,
            match import.state() {
                State::Refused => "; nothing was applied",
                _ => "",
            }
        );
        Ok(match import.bad_count {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    })
}

/// The line of the file that a line of the history was made of.
#[derive(Debug, Default)]
struct Origins(Vec<(u64, u64)>);

impl Origins {
    fn of(&self, line: i64) -> u64 {
        let line = u64::try_from(line).unwrap_or_default();
        let behind = self.0.partition_point(|(first, _)| *first <= line);
        match behind.checked_sub(1).map(|at| self.0[at]) {
            Some((_, origin)) => origin,
            None => line,
        }
    }
}

/// The imports that have ended, the newest: as many as a page has.
async fn ended(client: &Client) -> Result<BTreeSet<String>, Error> {
    let request = ListImportsRequest {
        page_size: 500,
        ..ListImportsRequest::default()
    };
    let call = async || client.imports().list_imports(request.clone()).await;
    let page = client.retry(call).await.map_err(refused)?.into_inner();
    let ended = page.imports.into_iter().filter(|import| import.ended_at.is_some());
    Ok(ended.map(|import| import.name).collect())
}

/// Uploads the file; gives the import and, of a converted one, which line came from which.
async fn upload(client: &Client, args: &ImportArgs, request_id: String) -> Result<(Import, Origins), Error> {
    let from_stdin = args.file.as_os_str() == "-";
    let converter = match args.zendesk {
        true if from_stdin => {
            return Err(Error::invalid_field(
                "FILE",
                "must be a file with --zendesk: it is read twice",
            ));
        }
        true => Some(learn(&args.file)?),
        false => None,
    };
    let start = ImportStart {
        request_id,
        source: args
            .source
            .clone()
            .unwrap_or_else(|| if args.zendesk { "zendesk" } else { "history" }.to_owned()),
        strict: args.strict,
        display_name: args
            .file
            .to_string_lossy()
            .chars()
            .filter(|one| !one.is_control())
            .take(200)
            .collect(),
    };
    let (send, parts) = mpsc::channel(16);
    let file = args.file.clone();
    let bar = bar(if from_stdin { None } else { size(&args.file) });
    let mut reading = tokio::task::spawn_blocking({
        let bar = bar.clone();
        move || {
            let mut origins = Ok(Origins::default());
            if send.blocking_send(part(Part::Start(start))).is_ok() {
                let give = |chunk: Vec<u8>| send.blocking_send(part(Part::Chunk(chunk.into()))).is_ok();
                origins = read(&file, converter, &bar, give);
            }
            // Not dropped here: that would end the upload as if this were the whole file.
            (origins, send)
        }
    });
    let mut imports = client.imports();
    let mut call = std::pin::pin!(imports.import_history(ReceiverStream::new(parts)));
    // What is known already is answered before the file is read.
    let (answer, read) = tokio::select! {
        answer = &mut call => (Some(answer), (&mut reading).await),
        read = &mut reading => (None, read),
    };
    let (origins, send) = read.map_err(|cause| Error::internal("reading the file failed").caused_by(cause))?;
    let origins = origins?;
    drop(send);
    let answer = match answer {
        Some(answer) => answer,
        None => call.await,
    };
    bar.finish_and_clear();
    Ok((answer.map_err(refused)?.into_inner(), origins))
}

fn part(part: Part) -> ImportHistoryRequest {
    ImportHistoryRequest { request: Some(part) }
}

/// Gives the file to `send` in chunks, until it wants no more.
fn read(
    file: &Path,
    converter: Option<zendesk::Converter>,
    bar: &ProgressBar,
    mut send: impl FnMut(Vec<u8>) -> bool,
) -> Result<Origins, Error> {
    let mut origins = Origins::default();
    let Some(mut converter) = converter else {
        let mut from = open(file)?;
        loop {
            let mut chunk = vec![0; CHUNK];
            let length = from.read(&mut chunk).map_err(|why| unreadable(file, &why))?;
            chunk.truncate(length);
            bar.inc(length as u64);
            if length == 0 || !send(chunk) {
                return Ok(origins);
            }
        }
    };
    let mut chunk = Vec::new();
    let mut made = 0;
    for (number, line) in (1..).zip(BufReader::new(open(file)?).lines()) {
        let line = line.map_err(|why| unreadable(file, &why))?;
        bar.inc(line.len() as u64 + 1);
        for line in history(&mut converter, &line) {
            made += 1;
            if origins.0.last().is_none_or(|(_, origin)| *origin != number) {
                origins.0.push((made, number));
            }
            chunk.extend_from_slice(line.as_bytes());
            chunk.push(b'\n');
            // A page of an export may be long. Read on also when nothing more is wanted: where lines come from is still to be known.
            if chunk.len() >= CHUNK {
                send(std::mem::take(&mut chunk));
            }
        }
    }
    if !chunk.is_empty() {
        send(chunk);
    }
    Ok(origins)
}

/// The history of a line of an export. One that cannot be read goes up as it is and is refused there by its number.
fn history(converter: &mut zendesk::Converter, line: &str) -> Vec<String> {
    let converted = serde_json::from_str(line).map_err(|why| why.to_string());
    match converted.and_then(|value| converter.convert(&value)) {
        Ok(history) => history.iter().map(ToString::to_string).collect(),
        Err(_) if line.trim().is_empty() => Vec::new(),
        Err(_) => vec![line.to_owned()],
    }
}

fn learn(file: &Path) -> Result<zendesk::Converter, Error> {
    let mut converter = zendesk::Converter::default();
    for line in BufReader::new(open(file)?).lines() {
        if let Ok(value) = serde_json::from_str(&line.map_err(|why| unreadable(file, &why))?) {
            converter.learn(&value);
        }
    }
    Ok(converter)
}

fn request_id(args: &ImportArgs) -> Result<String, Error> {
    let mut from = open(&args.file)?;
    let mut hash = Sha256::new();
    hash.update([u8::from(args.strict), u8::from(args.zendesk)]);
    hash.update(args.source.as_deref().unwrap_or_default());
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer).map_err(|why| unreadable(&args.file, &why))? {
            0 => return Ok(hex::encode(hash.finalize())),
            length => hash.update(&buffer[..length]),
        }
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, Error> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    match std::fs::File::open(file) {
        Ok(opened) => Ok(Box::new(opened)),
        Err(why) => Err(unreadable(file, &why)),
    }
}

fn unreadable(file: &Path, why: &std::io::Error) -> Error {
    Error::unavailable("FILE_UNREADABLE", format!("cannot read {}: {why}", file.display()))
}

fn size(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|about| about.len())
}

/// On standard error, at a terminal only.
fn bar(bytes: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match (
        bytes,
        ProgressStyle::with_template("  {bar:40} {bytes}/{total_bytes} read  {eta} left"),
    ) {
        (Some(bytes), Ok(style)) => ProgressBar::new(bytes).with_style(style),
        _ => ProgressBar::new_spinner(),
    }
}

/// The import once it is done or refused.
async fn applied(client: &Client, mut import: Import) -> Result<Import, Error> {
    let total = u64::try_from(import.line_count).unwrap_or_default();
    let bar = match (
        std::io::stderr().is_terminal(),
        ProgressStyle::with_template("  {bar:40} {pos}/{len} lines applied  {eta} left"),
    ) {
        (true, Ok(style)) => ProgressBar::new(total).with_style(style),
        _ => ProgressBar::hidden(),
    };
    let mut period = tokio::time::interval(PERIOD);
    while import.state() == State::Running {
        period.tick().await;
        let request = GetImportRequest {
            name: import.name.clone(),
        };
        let call = async || client.imports().get_import(request.clone()).await;
        import = client.retry(call).await.map_err(refused)?.into_inner();
        let done = import.recorded_count + import.duplicate_count + import.bad_count;
        bar.set_position(u64::try_from(done).unwrap_or_default());
    }
    bar.finish_and_clear();
    Ok(import)
}

/// What is wrong, a line each, on standard error.
async fn errors(client: &Client, import: &Import, lines: &Origins) -> Result<(), Error> {
    if import.bad_count == 0 {
        return Ok(());
    }
    let mut page_token = String::new();
    loop {
        let request = ListImportErrorsRequest {
            parent: import.name.clone(),
            page_size: 500,
            page_token: page_token.clone(),
        };
        let call = async || client.imports().list_import_errors(request.clone()).await;
        let page = client.retry(call).await.map_err(refused)?.into_inner();
        for error in page.errors {
            let place = match error.field.as_str() {
                "" => "the line".to_owned(),
                field => field.to_owned(),
            };
            eprintln!(
                "line {}: {}: {place} {}",
                lines.of(error.line),
                error.reason,
                error.text
            );
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(());
        }
    }
}

fn refused(status: Status) -> Error {
    vorrang_service::peer_error("the suite", status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_leads_to_the_line_of_the_export() {
        let origins = Origins(vec![(1, 3), (8, 4), (9, 7)]);
        assert_eq!([1, 7, 8, 9, 100].map(|line| origins.of(line)), [3, 3, 4, 7, 7]);
        assert_eq!(Origins::default().of(5), 5);
    }

    #[test]
    fn what_is_no_ticket_goes_up_to_be_refused_by_its_number() {
        let mut converter = zendesk::Converter::default();
        assert_eq!(history(&mut converter, "{broken"), ["{broken"]);
        assert_eq!(history(&mut converter, "  "), Vec::<String>::new());
    }
}
