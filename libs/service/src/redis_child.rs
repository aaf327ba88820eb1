//! The private Redis of an installation that has none configured: a `redis-server` child on a unix socket in the data folder.
//!
//! Started when first asked for, restarted at the same address with the same data whenever it dies, and gone when we are,
//! however we went. A thread of its own owns the child: Linux ends a child with the *thread* that started it, and a
//! runtime's threads come and go.

mod child;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use vorrang_error::Error;

use supervisor::Supervisor;

/// A `redis-server` child that is started when first asked for.
pub(crate) struct PrivateRedis {
    folder: PathBuf,
    running: Mutex<Option<Supervisor>>,
}

impl PrivateRedis {
    /// Nothing is started yet; the data will be in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            folder,
            running: Mutex::new(None),
        })
    }

    /// Starts the child if it is not running and gives its address.
    ///
    /// Fails with Unavailable when `redis-server` is missing, another process uses the folder, or it does not start.
    pub(crate) async fn url(&self) -> Result<String, Error> {
        let mut running = self.running.lock().await;
        if let Some(supervisor) = &*running {
            return Ok(supervisor.url());
        }
        let folder = self.folder.clone();
        let started = tokio::task::spawn_blocking(move || Supervisor::start(&folder)).await;
        let supervisor = started.map_err(|why| Error::internal("starting Redis panicked").caused_by(why))??;
        let url = supervisor.url();
        *running = Some(supervisor);
        Ok(url)
    }

    /// Ends the child, if there is one, after it has written everything.
    pub(crate) async fn stop(&self) {
        if let Some(supervisor) = self.running.lock().await.take() {
            // Dropping waits for the child, which a runtime's thread must not; a panic there changes nothing any more.
            let _ = tokio::task::spawn_blocking(move || drop(supervisor)).await;
        }
    }
}
