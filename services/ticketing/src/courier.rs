//! Carries events to webhooks: makes deliveries from the log, and attempts those that are due.
//!
//! Any number of processes may do it. Deliveries are made exactly once, since the cursor moves with them; each is attempted
//! under a lease, so that what a process held when it died is attempted again. Each webhook has a worker of its own while
//! anything of it is due: one that is slow, down or busy holds up nobody else.

mod attempt;
mod metrics;
mod permits;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber as _;
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_database::event_log::StoredEvent;
use vorrang_egress::Egress;
use vorrang_error::Error;
use vorrang_feed::Feed;

use crate::convert;
use crate::names;
use crate::store::{Backlog, Finished, Key, NewDelivery, ReplayStep, Store};
use crate::webhook::{IN_FLIGHT_DEFAULT, Replay};

use permits::Permits;

/// How often what is due is looked for when nothing rings.
const POLL: Duration = Duration::from_millis(500);
/// Between two looks, whatever rings: under load one look serves many commits.
const GAP: Duration = Duration::from_millis(20);
/// After the database could not be read.
const DOWN_WAIT: Duration = Duration::from_secs(1);
/// How often old deliveries are removed.
const PURGE_EVERY: Duration = Duration::from_secs(60);
/// Attempts that are under way when the process stops may take so long; what they came to is written, the rest is tried again.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Carries events to webhooks. Clones share everything.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    feed: Feed,
    egress: Egress,
    clock: SharedClock,
    permits: Permits,
}

impl Courier {
    /// Sends what `feed` gives out.
    pub fn new(store: Store, feed: Feed, egress: Egress, clock: SharedClock) -> Self {
        Self {
            store,
            feed,
            egress,
            clock,
            permits: Permits::default(),
        }
    }

    /// Goes on until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut bell = self.store.doorbell();
        let active: Active = Active::default();
        let mut workers = JoinSet::new();
        let mut purge_at = Instant::now();
        while !shutdown.is_cancelled() {
            let (mut wait, mut more) = (GAP, false);
            match self.look(&active, &mut workers, &shutdown).await {
                Ok(moved) => more = moved,
                Err(error) => {
                    tracing::warn!(error = error.chain(), "webhooks wait for the database");
                    wait = DOWN_WAIT;
                }
            }
            while workers.try_join_next().is_some() {}
            if Instant::now() >= purge_at {
                purge_at = Instant::now() + PURGE_EVERY;
                if let Err(error) = self.purge().await {
                    tracing::warn!(error = error.chain(), "old deliveries were not removed");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
            }
            if more {
                continue;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                Ok(()) = bell.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        let done = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORDS, done).await.is_err() {
            tracing::info!("attempts that were under way are made again");
        }
    }

    /// Makes deliveries, and sees to it that each webhook that has any is worked on. True: there may be more to make.
    async fn look(
        &self,
        active: &Active,
        workers: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Result<bool, Error> {
        let moved = self.dispatch().await?;
        for key in self.store.due_webhooks(self.clock.now()).await? {
            let Some(working) = active.begin(&key) else { continue };
            let (courier, shutdown) = (self.clone(), shutdown.clone());
            workers.spawn(async move {
                let _working = working;
                if let Err(error) = courier.work(&key, &shutdown).await {
                    tracing::warn!(webhook = %key.webhook, error = error.chain(), "a webhook waits");
                }
            });
        }
        Ok(moved)
    }

    /// One round of everything that is due now, to its end: the step that tests take.
    #[cfg(test)]
    pub async fn tick(&self) -> Result<(), Error> {
        while self.dispatch().await? {}
        let never = CancellationToken::new();
        let due = self.store.due_webhooks(self.clock.now()).await?;
        let work = due.iter().map(|key| self.work(key, &never));
        futures::future::join_all(work)
            .await
            .into_iter()
            .collect::<Result<(), Error>>()?;
        self.purge().await
    }

    /// From the log to deliveries: a bounded step for every tenant that has webhooks. True: somebody's moved, and may have more.
    async fn dispatch(&self) -> Result<bool, Error> {
        let mut moved = false;
        for backlog in self.store.webhook_backlogs().await? {
            match self.dispatch_some(&backlog).await {
                Ok(done) => moved |= done,
                // What is wrong with one tenant holds up no other.
                Err(error) => {
                    tracing::warn!(
                        tenant = backlog.tenant,
                        error = error.chain(),
                        "a tenant's webhooks wait"
                    );
                }
            }
        }
        Ok(moved)
    }

    async fn dispatch_some(&self, backlog: &Backlog) -> Result<bool, Error> {
        let tenant = &backlog.tenant;
        // Events first: whoever made a webhook before the last of them is then seen.
        let (events, to) = self.store.events_after(tenant, backlog.done).await?;
        let webhooks = self.store.enabled_webhooks(tenant).await?;
        let now = self.clock.now();
        if webhooks.is_empty() {
            // Nobody wants any of it: what is read of it is not read again, and the rest not at all.
            let span = (backlog.done, backlog.head.max(to));
            return self.store.create_deliveries(tenant, span, Vec::new(), now).await;
        }
        let mut deliveries = Vec::new();
        for webhook in &webhooks {
            let Ok(filter) = self.feed.filter(&webhook.filter) else {
                tracing::error!(webhook = %webhook.id, "a stored filter cannot be read any more: nothing is sent");
                continue;
            };
            let own = names::webhook(webhook.id);
            let wanted = events.iter().filter(|event| {
                let fits = filter.fits(event) || is_for(webhook.id, event);
                event.seq > webhook.start_seq && event.subject != own && fits && acts(event)
            });
            deliveries.extend(wanted.map(|event| NewDelivery::new(webhook.id, event)));
        }
        if to == backlog.done {
            return Ok(false);
        }
        self.store
            .create_deliveries(tenant, (backlog.done, to), deliveries, now)
            .await
    }

    /// Works on one webhook until nothing of it is due.
    async fn work(&self, key: &Key, shutdown: &CancellationToken) -> Result<(), Error> {
        // Tasks, not futures of this one: an attempt that waits for its turn at the database goes on while this task does, too.
        let mut under_way = JoinSet::new();
        let mut finished: Vec<Finished> = Vec::new();
        let mut bound = IN_FLIGHT_DEFAULT;
        loop {
            let want = if shutdown.is_cancelled() {
                0
            } else {
                usize::try_from(bound).unwrap_or(0).saturating_sub(under_way.len())
            };
            let mut permits = self.permits.take(&key.tenant, want, under_way.is_empty()).await;
            let now = self.clock.now();
            let turn = self.store.webhook_turn(key, &finished, permits.len(), now).await?;
            metrics::attempts(&finished, turn.given_up);
            finished.clear();
            let Some(webhook) = turn.webhook else {
                return self.end(key).await;
            };
            bound = webhook.max_in_flight;
            if webhook.disabled.is_some() && under_way.is_empty() {
                return self.end(key).await;
            }
            let sending = Arc::new(attempt::Sending::new(&self.egress, key, &webhook, turn.secrets));
            for claim in turn.claims {
                let permit = permits.pop();
                let (courier, sending) = (self.clone(), Arc::clone(&sending));
                let attempt = async move {
                    let finished = courier.attempt(&sending, claim).await;
                    drop(permit);
                    finished
                };
                under_way.spawn(attempt.with_current_subscriber());
            }
            drop(permits);
            let replays = match webhook.replay {
                Some(replay) if !shutdown.is_cancelled() => self.replay(key, replay).await?,
                _ => false,
            };
            match under_way.join_next().await {
                Some(one) => finished.extend(one),
                None if replays => {}
                None => return Ok(()),
            }
            // What else is done by now is written with it.
            while let Some(one) = under_way.try_join_next() {
                finished.extend(one);
            }
        }
    }

    /// One step of a replay. False: somebody else is at it.
    async fn replay(&self, key: &Key, from: Replay) -> Result<bool, Error> {
        let now = self.clock.now();
        if from.dead_only {
            return self.store.replay_dead(key, from, now).await;
        }
        let (mut events, mut to) = self.store.events_after(&key.tenant, from.after).await?;
        if to == from.after {
            to = from.until;
        }
        events.retain(|event| event.seq <= from.until);
        let webhook = self.store.webhook(&key.tenant, key.webhook).await?;
        let own = names::webhook(webhook.id);
        let deliveries = match self.feed.filter(&webhook.filter) {
            Ok(filter) => events
                .iter()
                .filter(|event| {
                    acts(event) && event.subject != own && (filter.fits(event) || is_for(webhook.id, event))
                })
                .map(|event| NewDelivery::new(webhook.id, event))
                .collect(),
            Err(_) => Vec::new(),
        };
        let step = ReplayStep { from, to };
        self.store.replay_events(key, &step, deliveries, now).await
    }

    /// Ends what is pending of a webhook that is disabled or removed.
    async fn end(&self, key: &Key) -> Result<(), Error> {
        while self.store.end_deliveries(key, self.clock.now()).await? {}
        Ok(())
    }

    async fn purge(&self) -> Result<(), Error> {
        while self.store.purge_deliveries(self.clock.now()).await? {}
        Ok(())
    }
}

/// Whether an automation says that this webhook gets an event, whatever its filter.
fn is_for(webhook: Uuid, event: &StoredEvent) -> bool {
    event.kind == "automation_applied" && convert::webhooks_told(&event.payload).contains(&webhook)
}

/// Whether anybody is to act on an event: the past of another system is for figures, and a thousand old tickets are no thousand news.
fn acts(event: &StoredEvent) -> bool {
    event.kind != crate::past::KIND
}

/// The webhooks that this process is working on.
#[derive(Clone, Default)]
struct Active(Arc<Mutex<HashSet<Key>>>);

impl Active {
    /// Marks a webhook until the value is dropped; none: somebody is working on it.
    fn begin(&self, key: &Key) -> Option<Working> {
        let fresh = self.lock().insert(key.clone());
        fresh.then(|| Working {
            active: self.clone(),
            key: key.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Working {
    active: Active,
    key: Key,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.active.lock().remove(&self.key);
    }
}
