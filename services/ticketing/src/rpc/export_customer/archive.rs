//! An archive as it is streamed: files one after the other in pieces, and at the end a signed manifest that names them all.

use chrono::{DateTime, Utc};
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use tokio::sync::mpsc;
use tonic::Status;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;

use crate::store::Lookup;

/// Bytes of a piece, about.
const PIECE: usize = 256 * 1024;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("our own descriptors"));

/// What an archive consists of.
pub type Piece = Result<pb::ExportCustomerResponse, Status>;

/// An archive that is being streamed.
pub struct Archive {
    out: mpsc::Sender<Piece>,
    files: Vec<File>,
    open: Option<Open>,
}

/// A file as the manifest names it.
#[derive(Serialize)]
struct File {
    name: String,
    size_bytes: u64,
    sha256: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    format: &'a str,
    customer: &'a str,
    exported_at: String,
    files: &'a [File],
}

struct Open {
    name: String,
    held: Vec<u8>,
    size: u64,
    hash: Sha256,
}

impl Archive {
    /// An archive that goes to `out`.
    pub fn new(out: mpsc::Sender<Piece>) -> Self {
        Self {
            out,
            files: Vec::new(),
            open: None,
        }
    }

    /// Begins a file; the one before it ends.
    ///
    /// # Errors
    /// When nobody takes the archive any more.
    pub async fn begin(&mut self, name: impl Into<String>) -> Result<(), Error> {
        self.end().await?;
        self.open = Some(Open {
            name: name.into(),
            held: Vec::new(),
            size: 0,
            hash: Sha256::new(),
        });
        Ok(())
    }

    /// Adds bytes to the file.
    ///
    /// # Errors
    /// When nobody takes the archive any more.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let open = self.open.as_mut().ok_or_else(no_file)?;
        open.size += bytes.len() as u64;
        open.hash.update(bytes);
        open.held.extend_from_slice(bytes);
        if open.held.len() >= PIECE {
            let piece = pb::ExportCustomerResponse {
                file: open.name.clone(),
                data: std::mem::take(&mut open.held).into(),
                complete: false,
            };
            self.send(piece).await?;
        }
        Ok(())
    }

    /// Adds a resource as a line of JSON. `kind` is its name in the contract.
    ///
    /// # Errors
    /// When nobody takes the archive any more.
    pub async fn line<M: prost::Message>(&mut self, kind: &str, resource: &M) -> Result<(), Error> {
        let mut json = json(kind, resource)?;
        json.push(b'\n');
        self.add(&json).await
    }

    /// The manifest of what was added, signed with the tenant's key.
    ///
    /// # Errors
    /// When nobody takes the archive any more.
    pub async fn finish(mut self, customer: &str, now: DateTime<Utc>, lookup: &Lookup) -> Result<(), Error> {
        self.end().await?;
        let manifest = Manifest {
            format: "vorrang.customer.1",
            customer,
            exported_at: now.to_rfc3339(),
            files: &self.files,
        };
        let manifest = serde_json::to_vec_pretty(&manifest).expect("plain values are always JSON");
        let signature = hex::encode(lookup.digest("export", &manifest));
        self.begin("manifest.json.hmac-sha256").await?;
        self.add(signature.as_bytes()).await?;
        self.begin("manifest.json").await?;
        self.add(&manifest).await?;
        self.end().await
    }

    async fn end(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        self.files.push(File {
            name: open.name.clone(),
            size_bytes: open.size,
            sha256: hex::encode(open.hash.finalize()),
        });
        let last = pb::ExportCustomerResponse {
            file: open.name,
            data: open.held.into(),
            complete: true,
        };
        self.send(last).await
    }

    async fn send(&self, piece: pb::ExportCustomerResponse) -> Result<(), Error> {
        let gone = |_| Error::unavailable("EXPORT_ABANDONED", "nobody takes the archive any more");
        self.out.send(Ok(piece)).await.map_err(gone)
    }
}

fn no_file() -> Error {
    Error::internal("an archive's bytes belong to a file")
}

/// A resource in the JSON form of the contract.
fn json<M: prost::Message>(kind: &str, resource: &M) -> Result<Vec<u8>, Error> {
    let unknown = || Error::internal(format!("{kind} has no JSON form"));
    let kind = POOL
        .get_message_by_name(&format!("vorrang.ticketing.v1.{kind}"))
        .ok_or_else(unknown)?;
    let mut message = DynamicMessage::new(kind);
    message
        .transcode_from(resource)
        .map_err(|cause| unknown().caused_by(cause))?;
    debug_assert!(
        message.unknown_fields().next().is_none(),
        "of another kind: {}",
        message.descriptor().full_name()
    );
    serde_json::to_vec(&message).map_err(|cause| unknown().caused_by(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manifest_names_every_file_as_it_was_streamed() {
        let (out, mut pieces) = mpsc::channel(100);
        let lookup = crate::store::Personal::new(b"a data key").lookup("acme");
        let mut archive = Archive::new(out);
        archive.begin("tickets.jsonl").await.expect("begun");
        let ticket = pb::Ticket {
            number: 7,
            subject: "Grüße".into(),
            ..pb::Ticket::default()
        };
        archive.line("Ticket", &ticket).await.expect("added");
        archive.begin("attachments/ab").await.expect("begun");
        archive.add(&vec![1; PIECE + 1]).await.expect("added");
        archive.add(&[2]).await.expect("added");
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
        archive.finish("customers/1", now, &lookup).await.expect("finished");

        let mut files: Vec<(String, Vec<u8>, bool)> = Vec::new();
        while let Some(piece) = pieces.recv().await {
            let piece = piece.expect("a piece");
            match files.last_mut() {
                Some((name, bytes, complete)) if *name == piece.file => {
                    assert!(!*complete, "more after the last piece");
                    bytes.extend(&piece.data);
                    *complete = piece.complete;
                }
                _ => files.push((piece.file, piece.data.to_vec(), piece.complete)),
            }
        }
        let names: Vec<&str> = files.iter().map(|(name, _, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "tickets.jsonl",
                "attachments/ab",
                "manifest.json.hmac-sha256",
                "manifest.json"
            ]
        );
        assert!(files.iter().all(|(_, _, complete)| *complete));
        let line: serde_json::Value = serde_json::from_slice(&files[0].1).expect("JSON");
        assert_eq!((&line["subject"], &line["number"]), (&"Grüße".into(), &"7".into()));
        assert_eq!(files[1].1.len(), PIECE + 2);
        assert_eq!(
            files[2].1,
            hex::encode(lookup.digest("export", &files[3].1)).into_bytes()
        );
        let manifest: serde_json::Value = serde_json::from_slice(&files[3].1).expect("JSON");
        for (index, (name, bytes, _)) in files[..2].iter().enumerate() {
            let named = &manifest["files"][index];
            assert_eq!(named["name"], name.as_str());
            assert_eq!(named["size_bytes"], bytes.len());
            assert_eq!(named["sha256"], hex::encode(Sha256::digest(bytes)));
        }
    }
}
