//! Stores a file of a customer.

use futures::{Stream, StreamExt as _};
use sha2::{Digest, Sha256};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::input;
use crate::file::{CHUNK, Cipher, FileKey, StoredFile};
use crate::names;
use crate::objects::Writing;

/// What the first piece says.
struct Announced {
    customer: Uuid,
    sha256: String,
    size: u64,
    file_name: String,
    content_type: String,
}

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<Streaming<pb::UploadAttachmentRequest>>,
) -> Result<pb::Attachment, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    upload(app, &tenant, request.into_inner()).await
}

/// [`handle`] for any stream of pieces. Memory stays at a few chunks, however large the file is.
pub async fn upload<S>(app: &App, tenant: &str, mut pieces: S) -> Result<pb::Attachment, Error>
where
    S: Stream<Item = Result<pb::UploadAttachmentRequest, Status>> + Unpin,
{
    let first = next(&mut pieces).await?;
    let first = first.ok_or_else(|| Error::invalid_field("parent", "an upload begins with whose file it is"))?;
    let announced = announced(&first, app.attachment_max)?;
    let object = app.store.begin_upload(tenant, announced.customer).await?;
    let key = FileKey::random();
    let mut writing = app.objects.write(tenant, object);
    let written = write(app, &mut writing, &key.cipher(), first.data, &mut pieces).await;
    let (size, sha256) = match written.and_then(|written| announced.check(written)) {
        Ok(written) => written,
        Err(error) => {
            writing.abort().await;
            return Err(error);
        }
    };
    writing.finish().await?;
    let file = StoredFile {
        object,
        size,
        sha256,
        key,
    };
    let stored = app.store.finish_upload(tenant, announced.customer, file).await?;
    Ok(pb::Attachment {
        name: names::attachment(announced.customer, &stored.sha256),
        file_name: announced.file_name,
        content_type: announced.content_type,
        size_bytes: i64::try_from(stored.size).unwrap_or(i64::MAX),
        sha256: stored.sha256,
        content_id: String::new(),
    })
}

fn announced(first: &pb::UploadAttachmentRequest, max: u64) -> Result<Announced, Error> {
    let mut violations = Violations::new();
    let customer = input::customer_id("parent", &first.parent, &mut violations);
    if !first.sha256.is_empty() && !names::is_sha256(&first.sha256) {
        violations.add("sha256", "must be 64 lower-case hexadecimal digits");
    }
    let size = u64::try_from(first.size_bytes);
    match size {
        Ok(size) if size <= max => {}
        Ok(_) => violations.add("size_bytes", format!("must be at most {max}")),
        Err(_) => violations.add("size_bytes", "must not be negative"),
    }
    for (field, text) in [("file_name", &first.file_name), ("content_type", &first.content_type)] {
        if text.chars().count() > 255 || text.chars().any(char::is_control) {
            violations.add(
                field,
                "must be at most 255 characters, none of them a control character",
            );
        }
    }
    violations.into_result()?;
    Ok(Announced {
        customer,
        sha256: first.sha256.clone(),
        size: size.unwrap_or_default(),
        file_name: first.file_name.clone(),
        content_type: first.content_type.clone(),
    })
}

impl Announced {
    /// Refuses what is not the file that was announced.
    fn check(&self, (size, sha256): (u64, String)) -> Result<(u64, String), Error> {
        let mut violations = Violations::new();
        if self.size > 0 && self.size != size {
            violations.add("size_bytes", format!("the file has {size} bytes"));
        }
        if !self.sha256.is_empty() && self.sha256 != sha256 {
            violations.add("sha256", "the file has another SHA-256: it was damaged on the way");
        }
        violations.into_result()?;
        Ok((size, sha256))
    }
}

async fn write<S>(
    app: &App,
    writing: &mut Writing,
    cipher: &Cipher,
    first: bytes::Bytes,
    pieces: &mut S,
) -> Result<(u64, String), Error>
where
    S: Stream<Item = Result<pb::UploadAttachmentRequest, Status>> + Unpin,
{
    let chunk_bytes = usize::try_from(CHUNK).unwrap_or(usize::MAX);
    let mut hash = Sha256::new();
    let (mut size, mut index) = (0, 0);
    // With room for what sealing adds.
    let sealed_bytes = chunk_bytes + 16;
    let mut held: Vec<u8> = Vec::with_capacity(sealed_bytes);
    let mut data = Some(first);
    while let Some(piece) = data {
        size += piece.len() as u64;
        if size > app.attachment_max {
            return Err(Error::invalid_field(
                "data",
                format!("a file has at most {} bytes", app.attachment_max),
            ));
        }
        hash.update(&piece);
        let mut piece = piece.as_ref();
        while !piece.is_empty() {
            // A full chunk is written when there is more: only the last one is marked as such.
            if held.len() == chunk_bytes {
                let mut chunk = std::mem::replace(&mut held, Vec::with_capacity(sealed_bytes));
                cipher.seal(index, false, &mut chunk);
                writing.add(chunk).await?;
                index += 1;
            }
            let (now, later) = piece.split_at(piece.len().min(chunk_bytes - held.len()));
            held.extend_from_slice(now);
            piece = later;
        }
        data = next(pieces).await?.map(|piece| piece.data);
    }
    cipher.seal(index, true, &mut held);
    writing.add(held).await?;
    Ok((size, hex::encode(hash.finalize())))
}

async fn next<S>(pieces: &mut S) -> Result<Option<pb::UploadAttachmentRequest>, Error>
where
    S: Stream<Item = Result<pb::UploadAttachmentRequest, Status>> + Unpin,
{
    pieces.next().await.transpose().map_err(|broken| {
        vorrang_service::unreadable(&broken).unwrap_or_else(|| {
            Error::unavailable("UPLOAD_BROKEN", "the upload broke off: begin it again").caused_by(broken)
        })
    })
}
