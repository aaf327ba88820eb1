//! Fills a tenant's queues from what ticketing and our own database know, after Redis has lost them or the feed says that they are wrong.
//!
//! The feed position is read before the first ticket, and following goes on from it: whatever changes while pages are read is
//! applied again afterwards, and an older generation never beats a newer one. The mark that makes the queues visible comes last.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Semaphore;
use vorrang_error::Error;
use vorrang_queue::{Begin, Operation};

use crate::app::App;
use crate::decision::What;
use crate::desks::Notice;
use crate::peers::{self, QueuedPage};
use crate::project;
use crate::store::Work;

/// How long to wait before looking whether another process is done.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Tickets asked for at once when work is checked.
const CHECKS_AT_ONCE: usize = 16;
/// How long a client should wait before asking for queues that are being rebuilt.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Tenants whose queues this process rebuilds at once: a big one, or one that hangs, must not hold up the others.
const TENANTS_AT_ONCE: usize = 8;

/// Which queues this process rebuilds or has rebuilt: one rebuild a tenant, everybody else waits for it. Clones share it.
#[derive(Clone)]
pub(crate) struct Rebuilds {
    tenants: Arc<Mutex<HashMap<String, Rebuild>>>,
    /// Held while queues are filled.
    permits: Arc<Semaphore>,
}

impl Default for Rebuilds {
    fn default() -> Self {
        Self {
            tenants: Arc::default(),
            permits: Arc::new(Semaphore::new(TENANTS_AT_ONCE)),
        }
    }
}

#[derive(Default)]
struct Rebuild {
    running: Arc<tokio::sync::Mutex<()>>,
    /// Contacts lie in the queues without the trace that only the feed has.
    traceless: bool,
}

impl Rebuilds {
    fn of(&self, tenant: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.lock().entry(tenant.to_owned()).or_default().running.clone()
    }

    /// Whether this process has rebuilt the queues and the feed has not gone beyond that yet.
    pub(crate) fn is_traceless(&self, tenant: &str) -> bool {
        self.lock().get(tenant).is_some_and(|rebuild| rebuild.traceless)
    }

    pub(crate) fn set_traceless(&self, tenant: &str, traceless: bool) {
        self.lock().entry(tenant.to_owned()).or_default().traceless = traceless;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Rebuild>> {
        self.tenants.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What a reader of the queues gets while they are rebuilt; starts the rebuild.
pub(crate) fn rebuilding(app: &App, tenant: &str) -> Error {
    start(app, tenant);
    Error::unavailable(
        "QUEUE_REBUILDING",
        "the queues are being rebuilt; try again in a moment",
    )
    .with_retry_after(RETRY_AFTER)
}

/// Makes sure in the background that a tenant's queues are complete. Safe to call at any time, from any number of places.
pub(crate) fn start(app: &App, tenant: &str) {
    let rebuilding = app.rebuilds.of(tenant);
    if rebuilding.try_lock().is_err() {
        return;
    }
    let (app, tenant) = (app.clone(), tenant.to_owned());
    tokio::spawn(async move {
        if let Err(error) = ensure(&app, &tenant).await {
            tracing::warn!(
                tenant,
                error = error.chain(),
                "the queues could not be rebuilt; it is tried again"
            );
        }
    });
}

/// Returns when the tenant's queues are complete, whoever rebuilt them.
pub(crate) async fn ensure(app: &App, tenant: &str) -> Result<(), Error> {
    run(app, tenant, None, &[]).await
}

/// As [`ensure`], with a piece of the feed that the queues were not ready for: contacts in it get their trace from it.
pub(crate) async fn ensure_with(app: &App, tenant: &str, news: &[Operation]) -> Result<(), Error> {
    run(app, tenant, None, news).await
}

/// Throws the tenant's queues away and rebuilds them, unless somebody has done so since they carried the mark `found`.
pub(crate) async fn renew(app: &App, tenant: &str, found: &str) -> Result<(), Error> {
    run(app, tenant, Some(found), &[]).await
}

async fn run(app: &App, tenant: &str, found: Option<&str>, news: &[Operation]) -> Result<(), Error> {
    let lock = app.rebuilds.of(tenant);
    let _one_at_a_time = lock.lock().await;
    loop {
        let state = app.queue.state(tenant).await?;
        if state.complete.is_some() && state.complete.as_deref() != found {
            return Ok(());
        }
        let permit = app.rebuilds.permits.acquire().await;
        let token = app.ids.next(app.clock.now()).to_string();
        match app.queue.begin_rebuild(tenant, &token, found).await? {
            Begin::Yours => {
                let filled = fill(app, tenant, &token, news).await;
                if filled.is_err() {
                    // Without Redis this fails too; then the right lapses.
                    let _ = app.queue.abandon_rebuild(tenant, &token).await;
                }
                return filled;
            }
            Begin::Busy(_) => {
                drop(permit);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Begin::Complete => return Ok(()),
        }
    }
}

async fn fill(app: &App, tenant: &str, token: &str, news: &[Operation]) -> Result<(), Error> {
    let policy = app.policies.of(tenant).await?;
    let mut page = peers::queued_tickets(&app.peers, tenant, "").await?;
    let (seq, cursor) = (page.seq, std::mem::take(&mut page.cursor));
    // After the position was read: work that ends later is in the feed, and frees its slot again.
    let held = open_work(app, tenant).await?;
    app.queue.load(tenant, token, &held).await?;
    let mut count = 0;
    loop {
        let QueuedPage { tickets, next, .. } = page;
        count += tickets.len();
        let operations: Vec<Operation> = tickets
            .iter()
            .map(|ticket| project::operation(&policy, 0, ticket, false, ""))
            .collect();
        let load = app.queue.load(tenant, token, &operations);
        if next.is_empty() {
            load.await?;
            break;
        }
        // Redis takes this page while ticketing reads the next one.
        (_, page) = tokio::try_join!(load, peers::queued_tickets(&app.peers, tenant, &next))?;
    }
    app.rebuilds.set_traceless(tenant, true);
    app.queue.recall(tenant, news).await?;
    free_ended(app, tenant, &held).await?;
    app.queue.end_rebuild(tenant, token, seq, &cursor).await?;
    tracing::info!(tenant, contacts = count, held = held.len(), seq, "queues rebuilt");
    app.desks.meet(tenant);
    app.desks.tell_all(tenant, &Notice::Rebuilt);
    app.desks.ring(tenant);
    Ok(())
}

/// Frees the slots of work that ended between reading it and taking its slot: who ended it found nothing to free then.
async fn free_ended(app: &App, tenant: &str, held: &[Operation]) -> Result<(), Error> {
    let open = app.store.open_work(tenant).await?;
    let open: HashSet<(&str, &str)> = open
        .iter()
        .map(|work| (work.ticket.as_str(), work.agent.as_str()))
        .collect();
    for operation in held {
        if let Operation::Leave {
            ticket,
            agent: Some(agent),
            ..
        } = operation
            && !open.contains(&(ticket.as_str(), agent.as_str()))
        {
            app.queue.finish(tenant, agent, std::slice::from_ref(ticket)).await?;
        }
    }
    Ok(())
}

/// The slots that agents have taken, by our own database, each checked against the ticket as it is.
async fn open_work(app: &App, tenant: &str) -> Result<Vec<Operation>, Error> {
    let work = app.store.open_work(tenant).await?;
    let checked: Vec<(Work, Option<Operation>)> = futures::stream::iter(work)
        .map(|work| async move {
            let ticket = peers::known_ticket(&app.peers, tenant, &work.ticket).await?;
            let holds = ticket.filter(|ticket| ticket.open && ticket.assignee.as_deref() == Some(work.agent.as_str()));
            let operation = holds.map(|ticket| Operation::Leave {
                seq: 0,
                ticket: ticket.id,
                generation: ticket.generation,
                agent: Some(work.agent.clone()),
                slot: Some(work.channel.clone()),
            });
            Ok::<_, Error>((work, operation))
        })
        .buffer_unordered(CHECKS_AT_ONCE)
        .try_collect()
        .await?;
    let (mut held, mut left) = (Vec::new(), Vec::new());
    for (work, operation) in checked {
        match operation {
            Some(operation) => held.push(operation),
            None => left.push(What::Left {
                agent: work.agent,
                ticket: work.ticket,
            }),
        }
    }
    app.recorder.note(tenant, "", left).await;
    Ok(held)
}
