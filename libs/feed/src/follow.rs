//! One follower's stream.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;
use vorrang_database::{Database, event_log};
use vorrang_error::{Error, Kind};

use crate::Batch;
use crate::cursor::{Cursors, Position};
use crate::request::{Tenancy, Wish};
use crate::watcher::{Guard, View, Watcher, heartbeat_due};

/// Most events in a batch; `event_log::read` keeps it under 1 MiB as well.
const BATCH_EVENTS: u64 = 500;

pub(crate) struct Follow {
    database: Database,
    cursors: Cursors,
    watcher: Arc<Watcher>,
    views: watch::Receiver<Option<Arc<View>>>,
    _guard: Guard,
    tenancy: Tenancy,
    types: HashSet<String>,
    /// The life of the log that `done` counts in.
    epoch: Uuid,
    /// What the stream goes by: the watcher's newest view, or a look of our own.
    view: Arc<View>,
    /// The last of the watcher's views that was looked at.
    taken: Option<Arc<View>>,
    /// The last position delivered, by tenant.
    done: HashMap<String, i64>,
    /// Tenants that have news in `view`, in turn: a busy one does not hold up the others.
    behind: VecDeque<String>,
    /// `as_of` of the last batch that said "caught up"; none since the last one that did not.
    told: Option<chrono::DateTime<chrono::Utc>>,
}

impl Follow {
    pub async fn start(
        database: Database,
        cursors: Cursors,
        watcher: &Arc<Watcher>,
        wish: Wish,
    ) -> Result<Self, Error> {
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
            database,
            cursors,
            watcher: Arc::clone(watcher),
            views,
            _guard: guard,
            tenancy: wish.tenancy,
            types: wish.types,
            epoch: view.epoch,
            view,
            taken,
            done,
            behind: VecDeque::new(),
            told: None,
        };
        follow.check_positions()?;
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
            Arc::new(self.watcher.look().await?)
        } else {
            newest
        };
        if self.view.epoch != self.epoch {
            return Err(epoch_changed());
        }
        if self.tenancy == Tenancy::All {
            for (tenant, (_, floor)) in &self.view.heads {
                if !self.done.contains_key(tenant) {
                    self.done.insert(tenant.clone(), *floor);
                }
            }
        }
        if outage {
            self.check_positions()?;
        }
        self.queue_news();
        Ok(())
    }

    /// Every position must lie in the log: not beyond its head, not before what retention left.
    fn check_positions(&self) -> Result<(), Error> {
        for (tenant, seq) in &self.done {
            let (head, floor) = self.view.head(tenant);
            if *seq > head {
                return Err(Error::precondition(
                    "CURSOR_AHEAD",
                    "the cursor is ahead of the log, which was restored from an older copy: rebuild from the beginning",
                ));
            }
            if *seq < floor {
                return Err(self.too_old(tenant, floor));
            }
        }
        Ok(())
    }

    fn queue_news(&mut self) {
        let view = &self.view;
        self.behind = match &self.tenancy {
            Tenancy::One(tenant) => {
                let done = self.done.get(tenant).copied().unwrap_or_default();
                (view.head(tenant).0 > done)
                    .then(|| tenant.clone())
                    .into_iter()
                    .collect()
            }
            Tenancy::All => {
                // Who waited longest goes first: tenants already queued keep their turn.
                let mut queue = std::mem::take(&mut self.behind);
                let queued: HashSet<String> = queue.iter().cloned().collect();
                queue.extend(
                    self.done
                        .iter()
                        .filter(|(tenant, done)| view.head(tenant).0 > **done && !queued.contains(*tenant))
                        .map(|(tenant, _)| tenant.clone()),
                );
                queue
            }
        };
    }

    async fn batch(&mut self, tenant: String) -> Result<Batch, Error> {
        let after = self.done.get(&tenant).copied().unwrap_or_default();
        let events = event_log::read(&self.database, &tenant, after, BATCH_EVENTS).await?;
        let dense = events.iter().zip(after + 1..).all(|(event, seq)| event.seq == seq);
        let Some(last) = events.last().map(|event| event.seq).filter(|_| dense) else {
            return Err(self.why_missing(&tenant, after).await?);
        };
        self.done.insert(tenant.clone(), last);
        let caught_up = last >= self.view.head(&tenant).0;
        if !caught_up {
            self.behind.push_back(tenant.clone());
        }
        self.told = match self.tenancy {
            Tenancy::One(_) => caught_up.then_some(self.view.as_of),
            Tenancy::All => None,
        };
        let events = if self.types.is_empty() {
            events
        } else {
            events
                .into_iter()
                .filter(|event| self.types.contains(&event.kind))
                .collect()
        };
        Ok(Batch {
            cursor: self.cursor(&tenant, last),
            tenant,
            events,
            caught_up,
            as_of: self.view.as_of,
        })
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
        let (head, floor) = self.watcher.look().await?.head(tenant);
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
        Error::new(
            Kind::OutOfRange,
            "CURSOR_TOO_OLD",
            "events after the cursor are no longer kept: rebuild from the resource services, then go on from oldest_cursor",
        )
        .with("oldest_cursor", self.cursor(tenant, floor))
        .with("tenant", tenant)
    }

    fn cursor(&self, tenant: &str, seq: i64) -> String {
        self.cursors.write(tenant, Position { epoch: self.epoch, seq })
    }
}

fn epoch_changed() -> Error {
    Error::precondition(
        "EPOCH_CHANGED",
        "the log was restored from a backup: what you applied may be gone, rebuild from the beginning",
    )
}

fn shutting_down() -> Error {
    Error::unavailable(
        "SHUTTING_DOWN",
        "this server is stopping: connect again with the last cursor",
    )
}
