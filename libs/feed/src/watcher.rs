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

/// Where all logs stood at one moment.
#[derive(Debug)]
pub(crate) struct View {
    pub epoch: Uuid,
    /// By tenant: the last position, and the last one that retention removed.
    pub heads: HashMap<String, (i64, i64)>,
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
            heads: state
                .heads
                .into_iter()
                .map(|head| (head.tenant, (head.seq, head.floor)))
                .collect(),
            as_of,
            outages,
            closing: false,
        }
    }

    /// Last position and floor of a tenant; a tenant without events stands at 0.
    pub fn head(&self, tenant: &str) -> (i64, i64) {
        self.heads.get(tenant).copied().unwrap_or_default()
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
                heads: HashMap::new(),
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
        loop {
            let followed = self.followers.load(Ordering::SeqCst) > 0;
            tokio::select! {
                // The database outlives us, so the doorbell does not end.
                Ok(()) = bell.changed() => {}
                () = self.joined.notified() => {}
                () = tokio::time::sleep(poll), if followed => {}
            }
            if self.followers.load(Ordering::SeqCst) == 0 {
                continue;
            }
            // Rings from here on are news: they may be about what the read below does not see.
            bell.mark_unchanged();
            let as_of = self.clock.now();
            let started = Instant::now();
            match event_log::state(&self.database).await {
                Ok(state) => {
                    poll = least.max(started.elapsed() * SHARE);
                    self.publish(View::new(state, as_of, outages));
                    tokio::time::sleep(GAP).await;
                }
                Err(error) => {
                    outages += 1;
                    tracing::warn!(error = error.chain(), "the log cannot be read; followers wait");
                    tokio::time::sleep(DOWN_WAIT).await;
                }
            }
        }
    }

    /// Wakes the followers when there is news, or when it is time for a heartbeat.
    fn publish(&self, view: View) {
        self.views.send_if_modified(|current| {
            let news = current.as_ref().is_none_or(|old| {
                old.heads != view.heads
                    || old.epoch != view.epoch
                    || old.outages != view.outages
                    || heartbeat_due(old.as_of, view.as_of)
            });
            if news {
                *current = Some(Arc::new(view));
            }
            news
        });
    }
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
