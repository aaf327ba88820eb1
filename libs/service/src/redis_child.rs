//! The private Redis of an installation that has none configured.

use std::path::PathBuf;

use vorrang_error::Error;

/// A `redis-server` child in the data folder, started when first asked for.
pub(crate) struct PrivateRedis {
    folder: PathBuf,
}

impl PrivateRedis {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) async fn url(&self) -> Result<String, Error> {
        Ok(format!("unix://{}", self.folder.join("redis.sock").display()))
    }
}
