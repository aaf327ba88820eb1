//! The server side of one service's feed.

use std::sync::Arc;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use vorrang_api::feed::v1::{FollowRequest, GetHeadResponse};
use vorrang_api::timestamp;
use vorrang_clock::SharedClock;
use vorrang_database::{Database, event_log};
use vorrang_error::Error;

use crate::cursor::{Cursors, Position};
use crate::follow::Follow;
use crate::request::{self, Tenancy};
use crate::watcher::Watcher;
use crate::{Batch, Owner, Response};

/// Serves one service's log. Clones share the watcher.
#[derive(Clone)]
pub struct Feed {
    database: Database,
    owner: Owner,
    cursors: Cursors,
    watcher: Arc<Watcher>,
}

impl Feed {
    /// `cursor_key` is shared by all processes that serve this log; other owners may have the same.
    pub fn new(owner: Owner, database: Database, cursor_key: &[u8], clock: SharedClock) -> Self {
        Self {
            owner,
            cursors: Cursors::new(owner, cursor_key),
            watcher: Arc::new(Watcher::new(database.clone(), clock)),
            database,
        }
    }

    /// Watches the log for all followers of this process until `shutdown`; then their streams end with Unavailable
    /// `SHUTTING_DOWN`. Run it exactly once per feed: without it followers get what is there, and then nothing.
    pub fn run(&self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        Arc::clone(&self.watcher).run(shutdown)
    }

    /// [`Feed::run`] as a task of its own.
    pub fn spawn(&self, shutdown: CancellationToken) -> tokio::task::JoinHandle<()> {
        tokio::spawn(self.run(shutdown))
    }

    /// Streams batches from the position asked for, and goes on with what is committed. The stream holds at most one
    /// batch in memory and reads the next when it is polled, so a slow follower costs nothing but its place. It ends
    /// after its first error.
    ///
    /// # Errors
    /// Here or later in the stream: Invalid with all violations, Invalid `CURSOR_INVALID`, Precondition `EPOCH_CHANGED`
    /// or `CURSOR_AHEAD` (rebuild from the beginning), OutOfRange `CURSOR_TOO_OLD` with `oldest_cursor`, Unavailable
    /// (connect again).
    pub async fn follow(
        &self,
        tenancy: Tenancy,
        request: FollowRequest,
    ) -> Result<impl Stream<Item = Result<Batch, Error>> + Send + 'static, Error> {
        let wish = request::parse(self.owner, &self.cursors, tenancy, request)?;
        let follow = Follow::start(self.database.clone(), self.cursors.clone(), &self.watcher, wish).await?;
        Ok(futures::stream::unfold(Some(follow), |follow| async move {
            let mut follow = follow?;
            match follow.next().await {
                Ok(batch) => Some((Ok(batch), Some(follow))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// [`Feed::follow`] as the owner's own response type.
    ///
    /// # Errors
    /// As [`Feed::follow`].
    pub async fn follow_as<R: Response>(
        &self,
        tenancy: Tenancy,
        request: FollowRequest,
    ) -> Result<impl Stream<Item = Result<R, Error>> + Send + 'static, Error> {
        let batches = self.follow(tenancy, request).await?;
        Ok(futures::StreamExt::map(batches, |batch| batch.and_then(R::pack)))
    }

    /// Where the tenant's log stands.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn get_head(&self, tenant: &str) -> Result<GetHeadResponse, Error> {
        let view = self.watcher.look().await?;
        let (seq, _) = view.head(tenant);
        Ok(GetHeadResponse {
            cursor: self.cursors.write(tenant, Position { epoch: view.epoch, seq }),
            seq,
            as_of: Some(timestamp(view.as_of)),
        })
    }

    /// The cursor of the tenant's log after position `seq` of the present epoch, for snapshots: read the head first,
    /// then the rows, and give this out with them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn cursor(&self, tenant: &str, seq: i64) -> Result<String, Error> {
        let epoch = event_log::epoch(&self.database).await?;
        Ok(self.cursors.write(tenant, Position { epoch, seq }))
    }
}
