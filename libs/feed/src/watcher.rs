//! Watches where the logs stand, once per process, for all its followers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_database::event_log::{self, State};
use vorrang_database::{Database, Engine};
use vorrang_error::Error;

/// Other processes' commits on PostgreSQL show at most this late. A ring of the doorbell does not wait for it.
const POSTGRES_POLL: Duration = Duration::from_millis(10);
/// On SQLite nobody else writes as a rule; this finds the odd administration command.
const SQLITE_POLL: Duration = Duration::from_secs(1);
/// Reading the heads takes at most one part in this many of the watcher's time, however many tenants there are.
const SHARE: u32 = 10;
/// Between two reads, whatever rings: under load one read serves many commits.
const GAP: Duration = Duration::from_millis(1);
/// After the database could not be read.
const DOWN_WAIT: Duration = Duration::from_millis(500);
/// How often followers hear that they are caught up although nothing happens.
const HEARTBEAT: TimeDelta = TimeDelta::seconds(1);

/// How often the heads are read while nobody follows: so that this process notices when the log goes back, see [`went_back`].
const IDLE_POLL: Duration = Duration::from_secs(1);

/// By tenant: the last position, and the last one that retention removed.
type Heads = HashMap<String, (i64, i64)>;

/// Where all logs stood at one moment.
#[derive(Debug)]
pub(crate) struct View {
    pub epoch: Uuid,
    /// As they were read.
    pub heads: Arc<Heads>,
    /// The heads that have risen since by commits of this process.
    pub fresh: HashMap<String, i64>,
    /// Taken before the logs were read: all that was committed before is in.
    pub as_of: DateTime<Utc>,
    /// Grows each time the database was away: what comes back may be an older copy, so positions are checked anew.
    pub outages: u64,
    /// The process is stopping.
    pub closing: bool,
}

impl View {
    fn new(state: State, as_of: DateTime<Utc>, outages: u64) -> Self {
        Self {
            epoch: state.epoch,
            heads: Arc::new(
                state
                    .heads
                    .into_iter()
                    .map(|head| (head.tenant, (head.seq, head.floor)))
                    .collect(),
            ),
            fresh: HashMap::new(),
            as_of,
            outages,
            closing: false,
        }
    }

    /// Last position and floor of a tenant; a tenant without events stands at 0.
    pub fn head(&self, tenant: &str) -> (i64, i64) {
        let (head, floor) = self.heads.get(tenant).copied().unwrap_or_default();
        let fresh = self.fresh.get(tenant).copied().unwrap_or_default();
        (head.max(fresh), floor)
    }
}

pub(crate) struct Watcher {
    database: Database,
    clock: SharedClock,
    views: watch::Sender<Option<Arc<View>>>,
    followers: AtomicUsize,
    joined: Notify,
}

impl Watcher {
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self {
            database,
            clock,
            views: watch::Sender::new(None),
            followers: AtomicUsize::new(0),
            joined: Notify::new(),
        }
    }

    /// Where all logs stand now, read for the caller alone.
    pub async fn look(&self) -> Result<View, Error> {
        let as_of = self.clock.now();
        let outages = self.views.borrow().as_ref().map_or(0, |view| view.outages);
        let state = event_log::state(&self.database).await?;
        Ok(View::new(state, as_of, outages))
    }

    /// Subscribes a follower until the guard is dropped.
    pub fn join(self: &Arc<Self>) -> (watch::Receiver<Option<Arc<View>>>, Guard) {
        self.followers.fetch_add(1, Ordering::SeqCst);
        self.joined.notify_one();
        (self.views.subscribe(), Guard(Arc::clone(self)))
    }

    /// Watches until `shutdown`, then tells all followers.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.watch() => {}
        }
        self.views.send_modify(|view| {
            let last = view.take();
            *view = Some(Arc::new(View {
                epoch: last.as_ref().map(|view| view.epoch).unwrap_or_default(),
                heads: Arc::default(),
                fresh: HashMap::new(),
                as_of: self.clock.now(),
                outages: last.map_or(0, |view| view.outages),
                closing: true,
            }));
        });
    }

    async fn watch(&self) {
        let mut bell = self.database.subscribe();
        let least = match self.database.engine() {
            Engine::Postgres => POSTGRES_POLL,
            Engine::Sqlite => SQLITE_POLL,
        };
        let mut poll = least;
        let mut outages = 0;
        let mut read_at: Option<Instant> = None;
        let mut last: Option<(Uuid, Arc<Heads>)> = None;
        loop {
            let followed = self.followers.load(Ordering::SeqCst) > 0;
            let wait = if followed { poll } else { IDLE_POLL };
            tokio::select! {
                // The database outlives us, so the doorbell does not end.
                Ok(()) = bell.changed() => {}
                () = self.joined.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
            // Rings from here on are news: they may be about what is not seen below.
            bell.mark_unchanged();
            let news = event_log::news(&self.database);
            if self.followers.load(Ordering::SeqCst) == 0 {
                if read_at.is_some_and(|at| at.elapsed() < IDLE_POLL) {
                    continue;
                }
            } else {
                self.announce(news);
            }
            let as_of = self.clock.now();
            let started = Instant::now();
            read_at = Some(started);
            let read = match event_log::state(&self.database).await {
                Ok(state) => self.leave_lost(&last, View::new(state, as_of, outages)).await,
                Err(error) => Err(error),
            };
            match read {
                Ok(Some(view)) => {
                    poll = least.max(started.elapsed() * SHARE);
                    last = Some((view.epoch, self.publish(view)));
                    tokio::time::sleep(GAP).await;
                }
                // Another epoch has begun: what was read was the end of the one before.
                Ok(None) => read_at = None,
                Err(error) => {
                    outages += 1;
                    tracing::warn!(error = error.chain(), "the log cannot be read; followers wait");
                    tokio::time::sleep(DOWN_WAIT).await;
                }
            }
        }
    }

    /// Begins a new epoch when a head in `view` stands before what was read in the same epoch: the database was replaced by an
    /// older copy. Gives the view unless that was so.
    async fn leave_lost(&self, last: &Option<(Uuid, Arc<Heads>)>, view: View) -> Result<Option<View>, Error> {
        match last {
            Some((epoch, heads)) if *epoch == view.epoch && went_back(heads, &view) => {
                tracing::warn!(
                    "the log is an older copy of what it was: a new epoch begins, and followers are told to start again"
                );
                event_log::leave_epoch(&self.database, view.epoch).await?;
                Ok(None)
            }
            _ => Ok(Some(view)),
        }
    }

    /// Tells followers of commits of this process before the log is read: what they need of it they read themselves.
    fn announce(&self, (epoch, news): (Option<Uuid>, Vec<(String, i64)>)) {
        if news.is_empty() {
            return;
        }
        self.views.send_if_modified(|current| {
            let view = current
                .as_ref()
                .filter(|view| !view.closing && Some(view.epoch) == epoch);
            let Some(view) = view else {
                return false;
            };
            let mut fresh = view.fresh.clone();
            fresh.extend(news);
            *current = Some(Arc::new(View {
                epoch: view.epoch,
                heads: Arc::clone(&view.heads),
                fresh,
                as_of: view.as_of,
                outages: view.outages,
                closing: false,
            }));
            true
        });
    }

    /// Wakes the followers when there is news, or when it is time for a heartbeat.
    /// Gives the heads in force.
    fn publish(&self, mut view: View) -> Arc<Heads> {
        let mut heads = Arc::clone(&view.heads);
        self.views.send_if_modified(|current| {
            let mut news = true;
            if let Some(old) = current.as_ref() {
                // The same map for the same heads: followers then know without comparing.
                if *old.heads == *view.heads {
                    view.heads = Arc::clone(&old.heads);
                }
                news = !Arc::ptr_eq(&old.heads, &view.heads)
                    || old.epoch != view.epoch
                    || old.outages != view.outages
                    || heartbeat_due(old.as_of, view.as_of);
            }
            heads = Arc::clone(&view.heads);
            if news {
                *current = Some(Arc::new(view));
            }
            news
        });
        heads
    }
}

/// Whether a head stands before where it stood in `heads`, which was read earlier. Commits never do that.
fn went_back(heads: &Heads, view: &View) -> bool {
    heads.iter().any(|(tenant, (head, _))| view.head(tenant).0 < *head)
}

/// Whether a follower that heard of `last` should hear of `now`. A clock that was set back counts, too.
pub(crate) fn heartbeat_due(last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - last).abs() >= HEARTBEAT
}

/// Counts a follower for as long as it lives.
pub(crate) struct Guard(Arc<Watcher>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::SeqCst);
    }
}
