//! Keeps the indexes in step with the log.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_database::Engine;
use vorrang_database::event_log::{self, Head};
use vorrang_error::Error;

use super::position::Position;
use super::schema::Entry;
use super::tenant_index::{Change, Found, TenantIndex};
use crate::article::{Article, State};
use crate::store::Store;

/// Events read at once. Their payloads are whole articles, so this bounds memory too.
const EVENTS_PER_READ: u64 = 100;
/// Articles written at once when an index is built anew.
const ARTICLES_PER_WRITE: u64 = 100;
/// Events that are not about articles only move the position; it is written down this often, so that a restart reads at
/// most this many again.
const UNWRITTEN_MAX: i64 = 1_000;
/// A full disk is not emptied by trying faster.
const AFTER_FAILURE: Duration = Duration::from_secs(3);
/// Indexes kept open. An open one costs some file mappings and up to a megabyte, opening one a few milliseconds.
const OPEN_MAX: usize = 64;

/// The search indexes of all tenants. Clones share them.
#[derive(Clone)]
pub(crate) struct Search(Arc<Inner>);

struct Inner {
    store: Store,
    folder: PathBuf,
    tenants: Mutex<HashMap<String, Arc<Slot>>>,
    open_max: usize,
    /// Counts uses, to know which index was used least recently.
    uses: AtomicU64,
}

#[derive(Default)]
struct Slot {
    /// Held while the index is opened, built or written: one writer a tenant.
    progress: tokio::sync::Mutex<Progress>,
    open: Mutex<Option<Arc<TenantIndex>>>,
    last_use: AtomicU64,
}

#[derive(Default)]
struct Progress {
    /// Up to where the index is complete; `None` until it was opened once, or when it is known to be damaged.
    reached: Option<Position>,
    /// The position in the last commit, at most [`UNWRITTEN_MAX`] behind.
    written: i64,
}

impl Slot {
    fn open(&self) -> MutexGuard<'_, Option<Arc<TenantIndex>>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Search {
    /// Keeps the indexes of `store`'s articles in `folder`, one sub-folder a tenant.
    pub(crate) fn new(store: Store, folder: PathBuf) -> Self {
        Self::with_open_max(store, folder, OPEN_MAX)
    }

    fn with_open_max(store: Store, folder: PathBuf, open_max: usize) -> Self {
        Self(Arc::new(Inner {
            store,
            folder,
            open_max,
            tenants: Mutex::default(),
            uses: AtomicU64::new(0),
        }))
    }

    /// The best `limit` published articles of `tenant` for `text`, among those in `language` (`None`: all).
    ///
    /// Fails with Unavailable when the index turned out to be damaged; the next call builds it anew.
    pub(crate) async fn search(
        &self,
        tenant: &str,
        text: &str,
        language: Option<&str>,
        limit: usize,
    ) -> Result<Found, Error> {
        let index = self.index(tenant).await?;
        let (text, language) = (text.to_owned(), language.map(str::to_owned));
        let found = blocking(move || index.search(&text, language.as_deref(), limit)).await?;
        match found {
            Ok(found) => Ok(found),
            Err(error) => {
                self.give_up(tenant).await;
                Err(
                    Error::unavailable("SEARCH_REBUILDING", "the search index is being built anew")
                        .with_retry_after(Duration::from_secs(1))
                        .caused_by(error),
                )
            }
        }
    }

    /// Applies everything that was committed before the call, for every tenant. The first failure is given, after the
    /// other tenants had their turn.
    pub(crate) async fn tick(&self) -> Result<(), Error> {
        let mut first_failure = Ok(());
        let log = event_log::state(self.0.store.database()).await?;
        for head in log.heads {
            if let Err(error) = self.catch_up(log.epoch, &head).await {
                tracing::warn!(tenant = head.tenant, error = error.chain(), "search index is behind");
                first_failure = first_failure.and(Err(error));
            }
        }
        first_failure
    }

    /// Ticks after every commit, and from time to time for commits of other processes, until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let fallback = match self.0.store.database().engine() {
            // Several processes may serve one PostgreSQL: found within a second means looking more often than that.
            Engine::Postgres => Duration::from_millis(300),
            Engine::Sqlite => Duration::from_secs(1),
        };
        let mut doorbell = self.0.store.database().subscribe();
        while !shutdown.is_cancelled() {
            doorbell.mark_unchanged();
            // The failure of one tenant is logged by tick; any other means that the database is away, which everybody says.
            let failed = self.tick().await.is_err();
            let wait = if failed { AFTER_FAILURE } else { fallback };
            tokio::select! {
                _ = doorbell.changed(), if !failed => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn index(&self, tenant: &str) -> Result<Arc<TenantIndex>, Error> {
        let slot = self.slot(tenant);
        slot.last_use
            .store(self.0.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        if let Some(index) = slot.open().clone() {
            return Ok(index);
        }
        let mut progress = slot.progress.lock().await;
        self.opened(tenant, &slot, &mut progress).await
    }

    async fn catch_up(&self, epoch: Uuid, head: &Head) -> Result<(), Error> {
        let tenant = head.tenant.as_str();
        let slot = self.slot(tenant);
        let mut progress = slot.progress.lock().await;
        match progress.reached {
            Some(reached) if reached.epoch != epoch || reached.seq < head.floor => {
                progress.reached = None;
            }
            Some(reached) if reached.seq >= head.seq => return Ok(()),
            _ => {}
        }
        let index = self.opened(tenant, &slot, &mut progress).await?;
        while let Some(reached) = progress.reached.filter(|reached| reached.seq < head.seq) {
            let events = event_log::read(self.0.store.database(), tenant, reached.seq, EVENTS_PER_READ).await?;
            let Some(last) = events.last() else {
                break;
            };
            let position = Position {
                seq: last.seq,
                ..reached
            };
            let changed: Vec<Uuid> = events.iter().filter_map(|event| article_of(&event.subject)).collect();
            if !changed.is_empty() || position.seq - progress.written >= UNWRITTEN_MAX {
                let changes = self.changes(tenant, changed).await?;
                if let Err(error) = self.write(&index, changes, position).await {
                    // Whatever is wrong with the folder, the next attempt opens it again, or builds it anew.
                    progress.reached = None;
                    *slot.open() = None;
                    return Err(error);
                }
                progress.written = position.seq;
            }
            progress.reached = Some(position);
        }
        Ok(())
    }

    /// What became of these articles, as they are now: later than the event, never earlier.
    async fn changes(&self, tenant: &str, mut ids: Vec<Uuid>) -> Result<Vec<Change>, Error> {
        ids.sort();
        ids.dedup();
        let published = self.0.store.published_articles(tenant, &ids).await?;
        let gone = ids
            .into_iter()
            .filter(|id| !published.iter().any(|article| article.id == *id))
            .map(|id| Change::Remove(id.to_string()))
            .collect::<Vec<_>>();
        Ok(published.into_iter().map(put).chain(gone).collect())
    }

    async fn write(&self, index: &Arc<TenantIndex>, changes: Vec<Change>, position: Position) -> Result<(), Error> {
        let index = Arc::clone(index);
        blocking(move || index.apply(&changes, position))
            .await?
            .map_err(|error| unusable("the search index cannot be written", error))
    }

    /// The open index of a tenant; opens it, and builds it when it cannot be opened or belongs to another log.
    async fn opened(&self, tenant: &str, slot: &Slot, progress: &mut Progress) -> Result<Arc<TenantIndex>, Error> {
        if progress.reached.is_some()
            && let Some(index) = slot.open().clone()
        {
            return Ok(index);
        }
        let folder = self.0.folder.join(tenant);
        let from_disk = blocking(move || TenantIndex::open(&folder)).await?;
        // Read after the index: a head from before could be older than what the index rightly has.
        let log = event_log::state(self.0.store.database()).await?;
        let (seq, floor) = log
            .heads
            .iter()
            .find(|head| head.tenant == tenant)
            .map_or((0, 0), |head| (head.seq, head.floor));
        let (index, position) = match from_disk {
            // Ahead of the log: the database was restored without a new epoch. Behind the floor: events are missing.
            Some((index, at)) if at.epoch == log.epoch && (floor..=seq).contains(&at.seq) => (index, at),
            _ => self.build(tenant, Position { epoch: log.epoch, seq }).await?,
        };
        let index = Arc::new(index);
        *slot.open() = Some(Arc::clone(&index));
        // What was read but not written before the index was closed is read again.
        progress.reached = Some(position);
        progress.written = position.seq;
        self.close_others(tenant);
        Ok(index)
    }

    /// Builds an index beside the old one from all published articles and puts it in its place. What is committed after
    /// `position` may be in it already and is applied again, which changes nothing.
    async fn build(&self, tenant: &str, position: Position) -> Result<(TenantIndex, Position), Error> {
        let folder = self.0.folder.join(tenant);
        // A tenant's name has no dot, so this is nobody's folder.
        let building = self.0.folder.join(format!("{tenant}.building"));
        let index = {
            let building = building.clone();
            blocking(move || {
                remove(&building)?;
                TenantIndex::create(&building)
            })
            .await?
            .map_err(|error| unusable("a search index cannot be made", error))?
        };
        let index = Arc::new(index);
        let (mut after, mut is_first) = (None, true);
        loop {
            let page = self.0.store.published_page(tenant, after, ARTICLES_PER_WRITE).await?;
            after = page.last().map(|article| article.id).or(after);
            // The first write is made even when there is nothing: it leaves the position.
            let is_first = std::mem::take(&mut is_first);
            if page.is_empty() && !is_first {
                break;
            }
            self.write(&index, page.into_iter().map(put).collect(), position)
                .await?;
        }
        let articles = index.articles();
        drop(index);
        let opened = blocking(move || -> tantivy::Result<_> {
            remove(&folder)?;
            std::fs::rename(&building, &folder)?;
            Ok(TenantIndex::open(&folder))
        })
        .await?
        .map_err(|error| unusable("the search index cannot be put in place", error))?;
        tracing::info!(tenant, articles, "search index built");
        opened.ok_or_else(|| Error::internal("a search index that was just built cannot be opened"))
    }

    /// Forgets a damaged index, so that it is built anew.
    async fn give_up(&self, tenant: &str) {
        let slot = self.slot(tenant);
        let mut progress = slot.progress.lock().await;
        *progress = Progress::default();
        *slot.open() = None;
        let folder = self.0.folder.join(tenant);
        if let Ok(Err(error)) = blocking(move || remove(&folder)).await {
            tracing::warn!(tenant, %error, "a damaged search index cannot be removed");
        }
    }

    /// Closes the indexes that were used least recently; their position stays known.
    fn close_others(&self, but: &str) {
        let tenants = self.lock();
        let mut open: Vec<_> = tenants.iter().filter(|(_, slot)| slot.open().is_some()).collect();
        open.sort_by_key(|(_, slot)| slot.last_use.load(Ordering::Relaxed));
        let surplus = open.len().saturating_sub(self.0.open_max);
        for (_, slot) in open.into_iter().filter(|(name, _)| name.as_str() != but).take(surplus) {
            *slot.open() = None;
        }
    }

    fn slot(&self, tenant: &str) -> Arc<Slot> {
        Arc::clone(self.lock().entry(tenant.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.0.tenants.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn put(article: Article) -> Change {
    debug_assert_eq!(article.state, State::Published, "drafts are never in the index");
    Change::Put(Entry {
        id: article.id.to_string(),
        locale: article.text.locale,
        title: article.text.title,
        body: article.text.body,
        tags: article.text.tags,
    })
}

fn article_of(subject: &str) -> Option<Uuid> {
    subject.strip_prefix("articles/")?.parse().ok()
}

/// Removes a folder; succeeds if it is not there.
fn remove(folder: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unusable(what: &'static str, error: tantivy::TantivyError) -> Error {
    Error::unavailable("SEARCH_UNAVAILABLE", what).caused_by(error)
}

impl Found {
    /// The best passages of these articles (their locales and bodies), in the same order, as HTML.
    pub(crate) async fn passages(self, articles: Vec<(String, String)>) -> Result<Vec<String>, Error> {
        // Reading some dozen articles word by word takes milliseconds, which belong on a thread of their own.
        blocking(move || {
            articles
                .iter()
                .map(|(locale, body)| self.highlighter.snippet(locale, body))
                .collect()
        })
        .await
    }
}

/// Runs file work on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("search work panicked").caused_by(error))
}

#[cfg(test)]
mod tests;
