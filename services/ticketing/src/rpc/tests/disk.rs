//! An object store in memory that can be down.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// See above.
#[derive(Debug, Default)]
pub struct Disk {
    inner: InMemory,
    down: AtomicBool,
    refused_deletes: AtomicUsize,
}

impl Disk {
    /// Every call fails until it is set up again.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// The next deletes fail.
    pub fn refuse_deletes(&self, next: usize) {
        self.refused_deletes.store(next, Ordering::SeqCst);
    }

    /// Everything that is stored, by path.
    pub async fn all(&self) -> Vec<(String, Vec<u8>)> {
        use object_store::ObjectStoreExt as _;
        let objects: Vec<ObjectMeta> = self.inner.list(None).try_collect().await.expect("lists");
        let mut all = Vec::new();
        for object in objects {
            let bytes = self
                .inner
                .get(&object.location)
                .await
                .expect("reads")
                .bytes()
                .await
                .expect("reads");
            all.push((object.location.to_string(), bytes.to_vec()));
        }
        all.sort();
        all
    }

    /// Removes an object behind everybody's back, or puts another in its place.
    pub async fn tamper(&self, path: &str, bytes: Option<Vec<u8>>) {
        use object_store::ObjectStoreExt as _;
        let path = Path::from(path);
        match bytes {
            None => self.inner.delete(&path).await.expect("deletes"),
            Some(bytes) => {
                self.inner.put(&path, bytes.into()).await.expect("writes");
            }
        }
    }

    fn check(&self) -> Result<()> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(down()),
            false => Ok(()),
        }
    }

    fn check_delete(&self) -> Result<()> {
        self.check()?;
        let refused = self
            .refused_deletes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match refused {
            Ok(_) => Err(down()),
            Err(_) => Ok(()),
        }
    }
}

fn down() -> Error {
    Error::Generic {
        store: "Disk",
        source: "down".into(),
    }
}

impl std::fmt::Display for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check()?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check()?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check()?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.check_delete() {
            Ok(()) => self.inner.delete_stream(locations),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.check() {
            Ok(()) => self.inner.list(prefix),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.check()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check()?;
        self.inner.copy_opts(from, to, options).await
    }
}
