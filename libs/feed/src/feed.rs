//! The server side of one service's feed.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use vorrang_api::feed::v1::{FollowRequest, GetHeadResponse};
use vorrang_api::{raw, timestamp};
use vorrang_clock::SharedClock;
use vorrang_database::Database;
use vorrang_database::event_log::{self, StoredEvent};
use vorrang_error::Error;
use vorrang_filter::FilterError;

use crate::cursor::{Cursors, Position};
use crate::follow::{self, Follow};
use crate::keeper::{Keeper, Retention};
use crate::request::{self, Tenancy};
use crate::watcher::Watcher;
use crate::{Batch, EventFilter, Fields, Owner, response};

/// What an owner does to its events on their way out, for example opening what it stores sealed.
pub trait Opener: Send + Sync + 'static {
    /// The same events, at the same positions, with payloads as followers may read them.
    fn open<'a>(&'a self, tenant: &'a str, events: Vec<StoredEvent>) -> BoxFuture<'a, Result<Vec<StoredEvent>, Error>>;
}

/// Serves one service's log. Clones share the watcher.
#[derive(Clone)]
pub struct Feed {
    pub(crate) database: Database,
    pub(crate) owner: Owner,
    pub(crate) cursors: Cursors,
    pub(crate) watcher: Arc<Watcher>,
    pub(crate) clock: SharedClock,
    retention: Retention,
    opener: Option<Arc<dyn Opener>>,
    fields: Option<Arc<dyn Fields>>,
}

impl Feed {
    /// `cursor_key` is shared by all processes that serve this log; other owners may have the same. Everything is kept, and
    /// goes out as it is stored.
    pub fn new(owner: Owner, database: Database, cursor_key: &[u8], clock: SharedClock) -> Self {
        Self {
            owner,
            cursors: Cursors::new(owner, cursor_key),
            watcher: Arc::new(Watcher::new(database.clone(), clock.clone())),
            database,
            clock,
            retention: Retention::default(),
            opener: None,
            fields: None,
        }
    }

    /// Keeps events for this long.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Lets all events go out through `opener`.
    #[must_use]
    pub fn with_opener(mut self, opener: Arc<dyn Opener>) -> Self {
        self.opener = Some(opener);
        self
    }

    /// Lets followers filter by these fields, too.
    #[must_use]
    pub fn with_fields(mut self, fields: Arc<dyn Fields>) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Reads a filter over the events of this feed.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn filter(&self, text: &str) -> Result<EventFilter, FilterError> {
        EventFilter::parse(self.owner, self.fields.as_ref(), text)
    }

    /// Watches the log for all followers of this process until `shutdown`; then their streams end with Unavailable
    /// `SHUTTING_DOWN`. Also removes what retention no longer keeps, and measures how far consumers are behind. Run it exactly
    /// once per feed: without it followers get what is there, and then nothing.
    pub fn run(&self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let watch = Arc::clone(&self.watcher).run(shutdown.clone());
        let keep = self.keeper().run(shutdown);
        async move {
            tokio::join!(watch, keep);
        }
    }

    /// [`Feed::run`] as a task of its own.
    pub fn spawn(&self, shutdown: CancellationToken) -> tokio::task::JoinHandle<()> {
        tokio::spawn(self.run(shutdown))
    }

    /// Removes what retention no longer keeps, of all tenants, and gives how many events. [`Feed::run`] does it every hour.
    ///
    /// # Errors
    /// When the database fails; what was removed until then is removed.
    pub async fn trim(&self) -> Result<u64, Error> {
        self.keeper().trim().await
    }

    fn keeper(&self) -> Keeper {
        Keeper::new(self.owner, self.database.clone(), self.clock.clone(), self.retention)
    }

    /// Events as they go out.
    ///
    /// # Errors
    /// What the opener says.
    pub async fn open(&self, tenant: &str, events: Vec<StoredEvent>) -> Result<Vec<StoredEvent>, Error> {
        match &self.opener {
            Some(opener) if !events.is_empty() => opener.open(tenant, events).await,
            _ => Ok(events),
        }
    }

    /// Streams batches from the position asked for, and goes on with what is committed. The stream holds at most one
    /// batch in memory and reads the next when it is polled, so a slow follower costs nothing but its place. It ends
    /// after its first error.
    ///
    /// # Errors
    /// Here or later in the stream: Invalid with all violations, Invalid `CURSOR_INVALID`, Precondition `EPOCH_CHANGED`
    /// or `CURSOR_AHEAD` (rebuild from the beginning), OutOfRange `CURSOR_TOO_OLD` with `oldest_cursor`, NotFound for a
    /// consumer that has committed nothing, Unavailable (connect again).
    pub async fn follow(
        &self,
        tenancy: Tenancy,
        request: FollowRequest,
    ) -> Result<impl Stream<Item = Result<Batch, Error>> + Send + 'static, Error> {
        let mut wish = request::parse(self, tenancy, request)?;
        self.go_on_from_commit(&mut wish).await?;
        let follow = Follow::start(self, wish).await?;
        Ok(futures::stream::unfold(Some(follow), |follow| async move {
            let mut follow = follow?;
            match follow.next().await {
                Ok(batch) => Some((Ok(batch), Some(follow))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// [`Feed::follow`] as the answers of the owner's `FeedService`, whose events are encoded already.
    ///
    /// # Errors
    /// As [`Feed::follow`].
    pub async fn follow_encoded(
        &self,
        tenancy: Tenancy,
        request: FollowRequest,
    ) -> Result<impl Stream<Item = Result<raw::FollowResponse, Error>> + Send + 'static, Error> {
        let batches = self.follow(tenancy, request).await?;
        Ok(batches.map(|batch| batch.map(response::pack)))
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

    /// The position that a cursor of the tenant's log stands for, from which every later event can still be read.
    ///
    /// # Errors
    /// Invalid `CURSOR_INVALID`; Precondition `EPOCH_CHANGED` or `CURSOR_AHEAD`; OutOfRange `CURSOR_TOO_OLD` with `oldest_cursor`;
    /// when the log cannot be read.
    pub async fn position(&self, tenant: &str, cursor: &str) -> Result<Position, Error> {
        let position = self.cursors.read(tenant, cursor)?;
        let epoch = event_log::epoch(&self.database).await?;
        if position.epoch != epoch {
            return Err(follow::epoch_changed());
        }
        let (head, floor) = event_log::ends(self.database.reader(), tenant).await?;
        if position.seq > head {
            return Err(follow::ahead(&self.database, epoch).await);
        }
        if position.seq < floor {
            let oldest = self.cursors.write(tenant, Position { epoch, seq: floor });
            return Err(follow::too_old(tenant, oldest));
        }
        Ok(position)
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
