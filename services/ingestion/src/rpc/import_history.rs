use tonic::{Request, Streaming};
use vorrang_api::ingestion::v1::import_history_request::Request as Part;
use vorrang_api::ingestion::v1::{Import as Answer, ImportHistoryRequest, ImportStart};
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::import::lines::{Cutter, RawLine, chain, read};
use crate::import::{Import, ImportState, LineError, NewImport};
use crate::importer::place;
use crate::store::{self, NewLine, request_id_reused};

/// Lines that are made durable at once.
const LINES: usize = 1_000;
/// Their bytes: bounds what an upload holds in memory.
const BYTES: usize = 1 << 20;
/// The source of who names none.
const SOURCE: &str = "history";

pub async fn handle(app: &App, request: Request<Streaming<ImportHistoryRequest>>) -> Result<Answer, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut parts = request.into_inner();
    let new = match next(&mut parts).await? {
        Some(Part::Start(start)) => parse(start)?,
        Some(Part::Chunk(_)) | None => return Err(Error::invalid_field("start", "must come first")),
    };
    let import = app.store.begin_import(&tenant, &new, app.clock.now()).await?;
    if import.state != ImportState::Receiving {
        return Ok(convert::import(&import));
    }
    let mut upload = Upload {
        app,
        passed: [0; 32],
        to_pass: import.read_lines,
        part: store::Part {
            chain: import.chain,
            ..store::Part::default()
        },
        bytes: 0,
        import,
    };
    let mut cutter = Cutter::default();
    let mut lines = 0;
    while let Some(part) = next(&mut parts).await? {
        let Part::Chunk(chunk) = part else {
            return Err(Error::invalid_field("start", "must come only once"));
        };
        let mut rest = &chunk[..];
        while let Some(line) = cutter.next(&mut rest) {
            lines = line.number;
            upload.take(line).await?;
        }
    }
    if let Some(line) = cutter.finish() {
        lines = line.number;
        upload.take(line).await?;
    }
    let import = upload.finish(lines).await?;
    Ok(convert::import(&import))
}

async fn next(parts: &mut Streaming<ImportHistoryRequest>) -> Result<Option<Part>, Error> {
    match parts.message().await {
        Ok(Some(ImportHistoryRequest { request: Some(part) })) => Ok(Some(part)),
        Ok(Some(ImportHistoryRequest { request: None })) => {
            Err(Error::invalid_field("request", "either start or chunk must be given"))
        }
        Ok(None) => Ok(None),
        Err(broken) => Err(vorrang_service::unreadable(&broken).unwrap_or_else(|| {
            Error::unavailable(
                "UPLOAD_BROKEN",
                "the upload broke off; continue it with the same request_id",
            )
        })),
    }
}

fn parse(start: ImportStart) -> Result<NewImport, Error> {
    let mut violations = Violations::new();
    app::check_request_id(&start.request_id, &mut violations);
    let source = match start.source.as_str() {
        "" => SOURCE,
        given => given,
    };
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if source.len() > 40 || !source.bytes().all(fits) {
        violations.add("start.source", "must be 1 to 40 of a-z, 0-9 and -");
    }
    if start.display_name.chars().count() > 200 || start.display_name.chars().any(char::is_control) {
        violations.add(
            "start.display_name",
            "must have at most 200 characters, none of them a control character",
        );
    }
    violations.into_result()?;
    Ok(NewImport {
        source: source.to_owned(),
        request_id: Some(start.request_id).filter(|id| !id.is_empty()),
        strict: start.strict,
        display_name: start.display_name,
    })
}

/// An upload under way: what is read of it and not durable yet.
struct Upload<'a> {
    app: &'a App,
    import: Import,
    /// Lines at the beginning that are durable already, and the chain over those that were passed over.
    to_pass: u64,
    passed: [u8; 32],
    part: store::Part,
    bytes: usize,
}

impl Upload<'_> {
    async fn take(&mut self, line: RawLine) -> Result<(), Error> {
        if line.number <= self.to_pass {
            self.passed = chain(&self.passed, &line);
            // All of them are passed: is it the same file?
            if line.number == self.to_pass && self.passed != self.import.chain {
                return Err(request_id_reused());
            }
            return Ok(());
        }
        self.part.read += 1;
        self.bytes += line.bytes.len();
        self.part.chain = chain(&self.part.chain, &line);
        match read(&line) {
            None => {}
            Some(Ok((read, text))) => {
                self.part.lines.push(NewLine {
                    at: read.line.at,
                    rank: read.line.rank(),
                    number: line.number,
                    hash: read.hash,
                    sealed: self.app.seal.seal(&place(&self.import, line.number), text),
                });
            }
            Some(Err(bad)) => {
                self.part.bad += 1;
                let errors = (0..).zip(bad.problems).map(|(position, problem)| LineError {
                    line: bad.number,
                    position,
                    reason: problem.reason.as_str().to_owned(),
                    field: problem.field,
                    text: problem.text,
                });
                self.part.errors.extend(errors);
            }
        }
        if self.part.read as usize >= LINES || self.bytes >= BYTES {
            self.keep().await?;
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), Error> {
        let next = store::Part {
            chain: self.part.chain,
            ..store::Part::default()
        };
        let part = std::mem::replace(&mut self.part, next);
        self.bytes = 0;
        self.import = self.app.store.keep_part(&self.import, part).await?;
        Ok(())
    }

    async fn finish(mut self, lines: u64) -> Result<Import, Error> {
        // A file that ends before what is durable already is another one.
        if lines < self.to_pass {
            return Err(request_id_reused());
        }
        if self.part.read > 0 {
            self.keep().await?;
        }
        self.app.store.end_upload(&self.import, self.app.clock.now()).await
    }
}
