//! Streams a file of a customer.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tonic::{Request, Status};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Kind, Violations};

use crate::app::App;
use crate::file::{self, CHUNK, StoredFile};
use crate::names;

/// Chunks read at once.
const STRIDE: u64 = 8;

/// What the stream carries.
pub type Responses = BoxStream<'static, Result<pb::DownloadAttachmentResponse, Status>>;

/// See the contract. The first piece is read before the stream begins, so that what is missing is said at once.
pub async fn handle(app: &App, request: Request<pb::DownloadAttachmentRequest>) -> Result<Responses, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let name = violations.take("name", names::parse_attachment(&request.name));
    let offset = violations
        .take("offset", not_negative(request.offset))
        .unwrap_or_default();
    let length = violations
        .take("length", not_negative(request.length))
        .unwrap_or_default();
    violations.into_result()?;
    let (customer, sha256) = name.unwrap_or_default();
    let file = app.store.file(&tenant, customer, &sha256).await?;
    if offset > file.size {
        return Err(
            Error::new(Kind::OutOfRange, "OFFSET_BEYOND_END", "the file ends before the offset")
                .with("size_bytes", file.size.to_string()),
        );
    }
    let end = match length {
        0 => file.size,
        length => file.size.min(offset.saturating_add(length)),
    };
    let reading = Reading {
        app: app.clone(),
        tenant,
        file,
        next: offset,
        end,
    };
    let (first, reading) = reading.step().await?;
    let rest = stream::unfold(Some(reading), |reading| async move {
        let reading = reading.filter(|reading| reading.next < reading.end)?;
        Some(match reading.step().await {
            Ok((piece, reading)) => (Ok(piece), Some(reading)),
            Err(error) => (Err(vorrang_service::status(error)), None),
        })
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed())
}

fn not_negative(value: i64) -> Result<u64, &'static str> {
    u64::try_from(value).map_err(|_| "must not be negative")
}

/// A file that is being read.
pub struct Reading {
    app: App,
    tenant: String,
    file: StoredFile,
    next: u64,
    end: u64,
}

impl Reading {
    /// The whole of a file.
    pub fn whole(app: App, tenant: String, file: StoredFile) -> Self {
        let end = file.size;
        Self {
            app,
            tenant,
            file,
            next: 0,
            end,
        }
    }

    /// Whether everything was read.
    pub fn is_done(&self) -> bool {
        self.next >= self.end
    }

    /// The next bytes; none of them when nothing was asked for.
    pub async fn step(mut self) -> Result<(pb::DownloadAttachmentResponse, Self), Error> {
        let size = self.file.size;
        let count = file::chunks(size);
        let from = (self.next / CHUNK).min(count - 1);
        let to = (from + STRIDE).min(self.end.div_ceil(CHUNK)).max(from + 1);
        let range = file::place(size, from).start..file::place(size, to - 1).end;
        let start = range.start;
        let object = self.app.objects.read(&self.tenant, self.file.object, range).await?;
        let cipher = self.file.key.cipher();
        let mut data = Vec::with_capacity(object.len());
        for index in from..to {
            let place = file::place(size, index);
            let within = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX);
            let opened = object
                .get(within(place.start)..within(place.end))
                .and_then(|chunk| cipher.open(index, index + 1 == count, chunk.to_vec()));
            data.extend(opened.ok_or_else(damaged)?);
        }
        let skip = usize::try_from(self.next - from * CHUNK).unwrap_or(usize::MAX);
        let take = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        data.drain(..skip.min(data.len()));
        data.truncate(take);
        self.next += data.len() as u64;
        let piece = pb::DownloadAttachmentResponse {
            data: data.into(),
            size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
        };
        Ok((piece, self))
    }
}

fn damaged() -> Error {
    Error::internal("the object of an attachment is not what was written")
}
