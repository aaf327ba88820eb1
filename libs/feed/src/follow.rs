//! One follower's stream.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;
use vorrang_database::Database;
use vorrang_database::event_log::{self, StoredEvent};
use vorrang_error::{Error, Kind};

use crate::cursor::Position;
use crate::request::{Tenancy, Wish};
use crate::watcher::{Guard, View, heartbeat_due};
use crate::{Batch, EventFilter, Feed};

/// Most events in a batch; `event_log::read` keeps it under 1 MiB as well.
const BATCH_EVENTS: u64 = 500;

pub(crate) struct Follow {
    feed: Feed,
    views: watch::Receiver<Option<Arc<View>>>,
    _guard: Guard,
    tenancy: Tenancy,
    types: HashSet<String>,
    filter: Option<EventFilter>,
    /// The life of the log that `done` counts in.
    epoch: Uuid,
    /// What the stream goes by: the watcher's newest view, or a look of our own.
    view: Arc<View>,
    /// The last of the watcher's views that was looked at.
    taken: Option<Arc<View>>,
    /// The last position delivered, by tenant.
    done: HashMap<String, i64>,
    /// The heads that `behind` was last made from in full; what is fresh since is all that must be looked at.
    scanned: Option<Arc<HashMap<String, (i64, i64)>>>,
    /// Tenants that have news in `view`, in turn: a busy one does not hold up the others.
    behind: VecDeque<String>,
    /// `as_of` of the last batch that said "caught up"; none since the last one that did not.
    told: Option<chrono::DateTime<chrono::Utc>>,
    /// What is being read while the batch before it is on its way.
    ahead: Option<Ahead>,
}

/// The events after a position, read before they are asked for: a follower that catches up waits for the network and for the database at
/// the same time. One batch, so at most 1 MiB more.
struct Ahead {
    tenant: String,
    after: i64,
    reading: AbortOnDropHandle<Result<Vec<StoredEvent>, Error>>,
}

impl Follow {
    pub async fn start(feed: &Feed, wish: Wish) -> Result<Self, Error> {
        let watcher = &feed.watcher;
        // Joined before the look, so that nothing committed after the look goes by unseen.
        let (views, guard) = watcher.join();
        let taken = views.borrow().clone();
        let view = Arc::new(watcher.look().await?);
        if wish.positions.values().any(|position| position.epoch != view.epoch) {
            return Err(epoch_changed());
        }
        let mut done: HashMap<String, i64> = wish
            .positions
            .iter()
            .map(|(tenant, position)| (tenant.clone(), position.seq))
            .collect();
        let unnamed: Vec<&String> = match &wish.tenancy {
            Tenancy::One(tenant) => vec![tenant],
            Tenancy::All => view.heads.keys().collect(),
        };
        for tenant in unnamed {
            let (head, floor) = view.head(tenant);
            done.entry(tenant.clone())
                .or_insert(if wish.from_now { head } else { floor });
        }
        let mut follow = Self {
            feed: feed.clone(),
            views,
            _guard: guard,
            tenancy: wish.tenancy,
            types: wish.types,
            filter: wish.filter,
            epoch: view.epoch,
            view,
            taken,
            done,
            scanned: None,
            behind: VecDeque::new(),
            told: None,
            ahead: None,
        };
        follow.check_positions().await?;
        follow.queue_news();
        Ok(follow)
    }

    /// The next batch; waits for it. Not to be called after an error.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        loop {
            self.take_view().await?;
            if let Some(tenant) = self.behind.pop_front() {
                return self.batch(tenant).await;
            }
            if self.told.is_none_or(|told| heartbeat_due(told, self.view.as_of)) {
                return Ok(self.heartbeat());
            }
            if self.views.changed().await.is_err() {
                return Err(shutting_down());
            }
        }
    }

    async fn take_view(&mut self) -> Result<(), Error> {
        let Some(newest) = self.views.borrow_and_update().clone() else {
            return Ok(());
        };
        if newest.closing {
            return Err(shutting_down());
        }
        if self.taken.as_ref().is_some_and(|taken| Arc::ptr_eq(taken, &newest)) {
            return Ok(());
        }
        self.taken = Some(Arc::clone(&newest));
        // The watcher may have read this view before our own last look. That does no harm: heads that have fallen behind
        // are no news. But what would end the stream is decided by a look of our own, which is certainly later.
        let outage = newest.outages != self.view.outages;
        self.view = if outage || newest.epoch != self.epoch {
            Arc::new(self.feed.watcher.look().await?)
        } else {
            newest
        };
        if self.view.epoch != self.epoch {
            return Err(epoch_changed());
        }
        if outage {
            self.check_positions().await?;
        }
        self.queue_news();
        Ok(())
    }

    /// Every position must lie in the log: not beyond its head, not before what retention left.
    async fn check_positions(&self) -> Result<(), Error> {
        for (tenant, seq) in &self.done {
            let (head, floor) = self.view.head(tenant);
            if *seq > head {
                return Err(ahead(&self.feed.database, self.view.epoch).await);
            }
            if *seq < floor {
                return Err(self.too_old(tenant, floor));
            }
        }
        Ok(())
    }

    fn queue_news(&mut self) {
        let view = &self.view;
        if let Tenancy::One(tenant) = &self.tenancy {
            let done = self.done.get(tenant).copied().unwrap_or_default();
            self.behind.clear();
            if view.head(tenant).0 > done {
                self.behind.push_back(tenant.clone());
            }
            return;
        }
        let fresh_only = self
            .scanned
            .as_ref()
            .is_some_and(|scanned| Arc::ptr_eq(scanned, &view.heads));
        let mut queued: HashSet<String> = self.behind.iter().cloned().collect();
        let mut look_at = |tenant: &String| {
            let (head, floor) = view.head(tenant);
            // A tenant that is new to this stream starts at the oldest event that is kept.
            let done = match self.done.get(tenant) {
                Some(done) => *done,
                None => {
                    self.done.insert(tenant.clone(), floor);
                    floor
                }
            };
            // Who waited longest goes first: tenants already queued keep their turn.
            if head > done && queued.insert(tenant.clone()) {
                self.behind.push_back(tenant.clone());
            }
        };
        if !fresh_only {
            view.heads.keys().for_each(&mut look_at);
        }
        view.fresh.keys().for_each(&mut look_at);
        self.scanned = Some(Arc::clone(&view.heads));
    }

    async fn batch(&mut self, tenant: String) -> Result<Batch, Error> {
        let after = self.done.get(&tenant).copied().unwrap_or_default();
        let events = self.read(&tenant, after).await?;
        let dense = events.iter().zip(after + 1..).all(|(event, seq)| event.seq == seq);
        let Some(last) = events.last().map(|event| event.seq).filter(|_| dense) else {
            return Err(self.why_missing(&tenant, after).await?);
        };
        self.done.insert(tenant.clone(), last);
        let caught_up = last >= self.view.head(&tenant).0;
        if !caught_up {
            self.behind.push_back(tenant.clone());
        }
        self.read_ahead();
        self.told = match self.tenancy {
            Tenancy::One(_) => caught_up.then_some(self.view.as_of),
            Tenancy::All => None,
        };
        let wanted = |event: &StoredEvent| {
            (self.types.is_empty() || self.types.contains(&event.kind))
                && self.filter.as_ref().is_none_or(|filter| filter.fits(event))
        };
        let events = events.into_iter().filter(wanted).collect();
        let events = self.feed.open(&tenant, events).await?;
        Ok(Batch {
            cursor: self.cursor(&tenant, last),
            tenant,
            events,
            caught_up,
            as_of: self.view.as_of,
        })
    }

    async fn read(&mut self, tenant: &str, after: i64) -> Result<Vec<StoredEvent>, Error> {
        match self.ahead.take() {
            Some(ahead) if ahead.tenant == tenant && ahead.after == after => ahead
                .reading
                .await
                .map_err(|cause| Error::internal("reading the log failed").caused_by(cause))?,
            _ => event_log::read(&self.feed.database, tenant, after, BATCH_EVENTS).await,
        }
    }

    /// Begins to read what comes next, if anything is known to.
    fn read_ahead(&mut self) {
        self.ahead = self.behind.front().cloned().map(|tenant| {
            let after = self.done.get(&tenant).copied().unwrap_or_default();
            let (database, whose) = (self.feed.database.clone(), tenant.clone());
            let reading = async move { event_log::read(&database, &whose, after, BATCH_EVENTS).await };
            Ahead {
                tenant,
                after,
                reading: AbortOnDropHandle::new(tokio::spawn(reading)),
            }
        });
    }

    fn heartbeat(&mut self) -> Batch {
        self.told = Some(self.view.as_of);
        let (tenant, cursor) = match &self.tenancy {
            Tenancy::One(tenant) => {
                let done = self.done.get(tenant).copied().unwrap_or_default();
                (tenant.clone(), self.cursor(tenant, done))
            }
            Tenancy::All => (String::new(), String::new()),
        };
        Batch {
            tenant,
            events: Vec::new(),
            cursor,
            caught_up: true,
            as_of: self.view.as_of,
        }
    }

    /// Events that should be there are not: retention was faster than this follower, or the log has a hole.
    async fn why_missing(&self, tenant: &str, after: i64) -> Result<Error, Error> {
        let (head, floor) = self.feed.watcher.look().await?.head(tenant);
        Ok(if after < floor {
            self.too_old(tenant, floor)
        } else if after >= head {
            // The head is behind what the watcher saw: this database is not the one it was.
            Error::unavailable("LOG_CHANGED", "the log moved while it was read: connect again")
        } else {
            Error::internal(format!(
                "the log has a hole after position {after} (head {head}, floor {floor})"
            ))
        })
    }

    fn too_old(&self, tenant: &str, floor: i64) -> Error {
        too_old(tenant, self.cursor(tenant, floor))
    }

    fn cursor(&self, tenant: &str, seq: i64) -> String {
        self.feed.cursors.write(tenant, Position { epoch: self.epoch, seq })
    }
}

/// For a cursor of ours that is beyond the head: proof that the log is an older copy of what it was. It leaves the epoch that both
/// copies share, so that all other followers hear of it, too, however far the log grows again.
pub(crate) async fn ahead(database: &Database, epoch: Uuid) -> Error {
    if let Err(error) = event_log::leave_epoch(database, epoch).await {
        tracing::error!(
            error = error.chain(),
            "the log is an older copy of what it was, and no new epoch could be begun"
        );
    }
    Error::precondition(
        "CURSOR_AHEAD",
        "the cursor is ahead of the log, which was restored from an older copy: rebuild from the beginning",
    )
}

pub(crate) fn epoch_changed() -> Error {
    Error::precondition(
        "EPOCH_CHANGED",
        "the log was restored from a backup: what you applied may be gone, rebuild from the beginning",
    )
}

/// `oldest` is the cursor of the first event that is still kept.
pub(crate) fn too_old(tenant: &str, oldest: String) -> Error {
    Error::new(
        Kind::OutOfRange,
        "CURSOR_TOO_OLD",
        "events after the cursor are no longer kept: rebuild from the resource services, then go on from oldest_cursor",
    )
    .with("oldest_cursor", oldest)
    .with("tenant", tenant)
}

fn shutting_down() -> Error {
    Error::unavailable(
        "SHUTTING_DOWN",
        "this server is stopping: connect again with the last cursor",
    )
}
