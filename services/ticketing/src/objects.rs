//! Where bytes lie that are too large for the database, and what must outlive its restore: a local folder, or S3.
//!
//! ```text
//! attachments/{tenant}/{uuid}       a customer's file, sealed in chunks
//! erasures/{tenant}/{uuid}.json     the proof of an erasure
//! ```
//! Names that come from outside are never part of a path.

use std::path::Path as Folder;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use std::time::Duration;
use uuid::Uuid;
use vorrang_error::{Error, Kind};

/// How long a call to S3 is tried again.
const RETRY: Duration = Duration::from_secs(15);
/// How long S3 may be silent.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes that are held back before an upload becomes one in parts; no part may be smaller on S3.
const PART: usize = 5 << 20;

/// The object store. Clones share it.
#[derive(Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    /// Opens `url`: `s3://bucket/prefix` with the credentials of the usual `AWS_…` environment variables, `file:///folder`,
    /// or, when it is empty, `folder`, which is made when missing.
    ///
    /// # Errors
    /// Precondition `ATTACHMENTS_URL_INVALID`; Unavailable when the folder cannot be made. S3 is not asked yet: a store that is
    /// down must not keep tickets from being served.
    pub fn open(url: &str, folder: &Folder) -> Result<Self, Error> {
        let invalid = || {
            Error::precondition(
                "ATTACHMENTS_URL_INVALID",
                "ticketing.attachments_url must be s3://bucket/prefix or file:///folder",
            )
        };
        if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            // A process has one TLS library; whoever came first has chosen the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let retry = RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: 5,
                retry_timeout: RETRY,
            };
            let client = ClientOptions::new()
                .with_timeout(TIMEOUT)
                // Only an endpoint that the installation names itself is ever asked without TLS.
                .with_allow_http(true);
            let store = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_client_options(client)
                .with_retry(retry)
                .build()
                .map_err(|cause| invalid().caused_by(cause))?;
            let prefix = Path::parse(prefix).map_err(|cause| invalid().caused_by(cause))?;
            return Ok(Self(Arc::new(PrefixStore::new(store, prefix))));
        }
        let folder = match url {
            "" => folder,
            _ => Folder::new(url.strip_prefix("file://").ok_or_else(invalid)?),
        };
        let unusable = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::unavailable(
                "ATTACHMENTS_UNAVAILABLE",
                format!("the folder {} of attachments cannot be used", folder.display()),
            )
            .caused_by(cause)
        };
        std::fs::create_dir_all(folder).map_err(|cause| unusable(cause.into()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|cause| unusable(cause.into()))?
            .with_fsync(true);
        Ok(Self(Arc::new(store)))
    }

    /// One in memory, and everything an object store can do wrong: for tests.
    #[cfg(test)]
    pub fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// Writes a file in pieces. Nothing is there before [`Writing::finish`].
    pub fn write(&self, tenant: &str, object: Uuid) -> Writing {
        Writing(BufWriter::with_capacity(
            Arc::clone(&self.0),
            file_path(tenant, object),
            PART,
        ))
    }

    /// Reads a part of a file's object.
    ///
    /// # Errors
    /// NotFound `ATTACHMENT_BYTES_MISSING` when the object is gone, Unavailable `ATTACHMENTS_UNAVAILABLE` when the store is down.
    pub async fn read(&self, tenant: &str, object: Uuid, range: std::ops::Range<u64>) -> Result<Bytes, Error> {
        self.0
            .get_range(&file_path(tenant, object), range)
            .await
            .map_err(failed)
    }

    /// Deletes a file's object; one that is gone already is as good.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`.
    pub async fn delete(&self, tenant: &str, object: Uuid) -> Result<(), Error> {
        match self.0.delete(&file_path(tenant, object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(failed(cause)),
        }
    }

    /// Keeps the proof of an erasure.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`.
    pub async fn keep_proof(&self, tenant: &str, erasure: Uuid, json: Vec<u8>) -> Result<(), Error> {
        let path = Path::from_iter(["erasures", tenant, &format!("{erasure}.json")]);
        self.0.put(&path, json.into()).await.map_err(failed)?;
        Ok(())
    }

    /// All proofs that are kept: whose, and the proof.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`.
    pub async fn proofs(&self) -> Result<Vec<(String, Uuid)>, Error> {
        let objects: Vec<_> = self
            .0
            .list(Some(&Path::from("erasures")))
            .try_collect()
            .await
            .map_err(failed)?;
        let mut found = Vec::with_capacity(objects.len());
        for object in objects {
            let mut parts = object.location.parts().skip(1);
            let tenant = parts.next().map(|part| part.as_ref().to_owned());
            let id = parts
                .next()
                .and_then(|part| part.as_ref().strip_suffix(".json")?.parse().ok());
            // What else lies there is not ours.
            found.extend(tenant.zip(id));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// One proof.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`, NotFound when it is gone.
    pub async fn proof(&self, tenant: &str, erasure: Uuid) -> Result<Bytes, Error> {
        let path = Path::from_iter(["erasures", tenant, &format!("{erasure}.json")]);
        let object = self.0.get(&path).await.map_err(failed)?;
        object.bytes().await.map_err(failed)
    }
}

/// A file that is being written.
pub struct Writing(BufWriter);

impl Writing {
    /// Adds bytes.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`.
    pub async fn add(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        self.0.put(bytes.into()).await.map_err(failed)
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// Unavailable `ATTACHMENTS_UNAVAILABLE`.
    pub async fn finish(&mut self) -> Result<(), Error> {
        use tokio::io::AsyncWriteExt as _;
        self.0.shutdown().await.map_err(|cause| unavailable().caused_by(cause))
    }

    /// Gives up; parts that were written already go.
    pub async fn abort(&mut self) {
        if let Err(cause) = self.0.abort().await {
            // The store's own rule for parts that never became an object has to remove them.
            tracing::warn!(
                error = unavailable().caused_by(cause).chain(),
                "an upload was not taken back"
            );
        }
    }
}

fn file_path(tenant: &str, object: Uuid) -> Path {
    Path::from_iter(["attachments", tenant, &object.to_string()])
}

fn unavailable() -> Error {
    Error::unavailable(
        "ATTACHMENTS_UNAVAILABLE",
        "the store of attachments does not answer: try again",
    )
}

fn failed(cause: object_store::Error) -> Error {
    match cause {
        object_store::Error::NotFound { .. } => Error::new(
            Kind::NotFound,
            "ATTACHMENT_BYTES_MISSING",
            "the attachment is known, but its bytes are not where they were put",
        )
        .caused_by(cause),
        _ => unavailable().caused_by(cause),
    }
}
