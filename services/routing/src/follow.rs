//! Follows ticketing's feed over all tenants and applies it to the queues, cursor and effect in one script.
//!
//! Every process follows; the script lets each batch count once. Where the queues stand is only in Redis: after a rollback of
//! Redis following goes on from the older cursor, after a loss the queues are rebuilt.
//!
//! One tenant never holds up the others: one whose queues are not complete, or whose news cannot be applied, is paused. A task makes
//! its queues complete, its news are left out until then, and it is followed again from where its queues stand.

mod accepted;
mod news;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_error::{Error, Kind};
use vorrang_feed::{Follower, Incoming};
use vorrang_queue::{Applied, Operation, State};

use crate::app::App;
use crate::{peers, rebuild};

/// Between attempts while Redis or ticketing is away.
const RETRY: Duration = Duration::from_millis(250);
/// Between attempts to make one tenant's queues complete at most.
const RETRY_MAX: Duration = Duration::from_secs(2);
/// The stream is opened anew for tenants that are complete again at most this often, however many they are.
const REOPEN: Duration = Duration::from_millis(100);
/// Heads of tenants asked for at once.
const HEADS_AT_ONCE: usize = 16;

type TicketingFollower = Follower<pb::FollowResponse>;

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    tokio::select! {
        () = follow(&app) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn follow(app: &App) {
    meet_tenants(app).await;
    let mut following = Following::new(app);
    following.begin(false).await;
    loop {
        // Not at once: all that are complete by then go on with one new stream.
        let reopen = following.reopened + REOPEN;
        let some_paused = !following.completing.is_empty();
        let completed = async {
            tokio::time::sleep_until(reopen).await;
            following.completing.join_next_with_id().await
        };
        tokio::select! {
            Some(done) = completed, if some_paused => following.go_on(done),
            incoming = following.follower.next() => following.take(incoming).await,
        }
    }
}

/// Learns which tenants there are, so that their queues are looked after even while nothing happens. The feed brings the rest.
async fn meet_tenants(app: &App) {
    match app.queue.tenants().await {
        Ok(tenants) => tenants.iter().for_each(|tenant| app.desks.meet(tenant)),
        Err(error) => tracing::debug!(error = error.chain(), "tenants not read from redis"),
    }
    match peers::tenants(&app.peers).await {
        Ok(tenants) => tenants.iter().for_each(|tenant| app.desks.meet(tenant)),
        Err(error) => tracing::debug!(error = error.chain(), "tenants not read from ticketing"),
    }
}

/// The state of following. A tenant has a mark, or is paused, or is new.
struct Following<'a> {
    app: &'a App,
    follower: TicketingFollower,
    /// The marks of the rebuilds that made the queues which are followed, by tenant.
    marks: HashMap<String, String>,
    /// Tenants whose news are left out, with the task that makes their queues complete.
    paused: HashMap<String, Id>,
    completing: JoinSet<(String, State)>,
    /// When the stream was last opened anew for tenants that were paused.
    reopened: Instant,
}

type Completed = Result<(Id, (String, State)), JoinError>;

impl<'a> Following<'a> {
    fn new(app: &'a App) -> Self {
        let client = FeedServiceClient::new(app.peers.ticketing(None));
        let follower = Follower::all(
            move |request| {
                let mut client = client.clone();
                async move { client.follow(request).await }
            },
            BTreeMap::new(),
        );
        Self {
            app,
            follower,
            marks: HashMap::new(),
            paused: HashMap::new(),
            completing: JoinSet::new(),
            reopened: Instant::now(),
        }
    }

    /// Follows all tenants from where their queues stand; waits until Redis can say. `renew`: the queues are wrong and are rebuilt first.
    async fn begin(&mut self, renew: bool) {
        let states = loop {
            match states(self.app).await {
                Ok(states) => break states,
                Err(error) => tracing::debug!(error = error.chain(), "positions not read"),
            }
            tokio::time::sleep(RETRY).await;
        };
        let mut cursors = BTreeMap::new();
        self.marks.clear();
        for (tenant, state) in states {
            match state.complete {
                Some(mark) if !renew && !self.paused.contains_key(&tenant) => {
                    if !state.cursor.is_empty() {
                        cursors.insert(tenant.clone(), state.cursor);
                    }
                    self.marks.insert(tenant, mark);
                }
                found => self.pause(&tenant, found.filter(|_| renew), Vec::new(), Duration::ZERO),
            }
        }
        let app = self.app;
        let paused: Vec<String> = self.paused.keys().cloned().collect();
        let heads: Vec<(String, String)> = futures::stream::iter(paused)
            .map(|tenant| async move {
                let cursor = head(app, &tenant).await;
                (tenant, cursor)
            })
            .buffer_unordered(HEADS_AT_ONCE)
            .collect()
            .await;
        cursors.extend(heads.into_iter().filter(|(_, head)| !head.is_empty()));
        self.follower.restart(cursors);
    }

    /// Leaves the tenant's news out until its queues are complete, which a task sees to, from `after` on. `found`: the mark of queues that
    /// are wrong. `news`: a piece of the feed they were not ready for.
    fn pause(&mut self, tenant: &str, found: Option<String>, news: Vec<Operation>, after: Duration) {
        self.marks.remove(tenant);
        if !self.paused.contains_key(tenant) {
            let (app, name) = (self.app.clone(), tenant.to_owned());
            let task = self.completing.spawn(complete(app, name, found, news, after));
            self.paused.insert(tenant.to_owned(), task.id());
        }
    }

    /// Follows tenants whose queues are complete again.
    fn go_on(&mut self, first: Completed) {
        let mut next = Some(first);
        while let Some(completed) = next {
            match completed {
                Ok((_, (tenant, state))) => {
                    self.paused.remove(&tenant);
                    self.follower.move_to(&tenant, &state.cursor);
                    self.marks.extend(state.complete.map(|mark| (tenant, mark)));
                }
                Err(error) => {
                    tracing::error!(%error, "a rebuild ended without an outcome; it is tried again");
                    // New to us again: its next news will not fit, and it is paused once more.
                    self.paused.retain(|_, task| *task != error.id());
                }
            }
            next = self.completing.try_join_next_with_id();
        }
        self.reopened = Instant::now();
    }

    /// Takes the next piece of the feed.
    async fn take(&mut self, incoming: Result<Incoming<pb::Event>, Error>) {
        match incoming {
            Ok(Incoming::Batch {
                tenant, events, cursor, ..
            }) => {
                self.app.desks.meet(&tenant);
                if let Err(error) = self.apply(&tenant, &events, cursor).await {
                    if error.kind() == Kind::Unavailable {
                        tracing::debug!(tenant, error = error.chain(), "the feed cannot be applied now");
                    } else {
                        tracing::warn!(
                            tenant,
                            error = error.chain(),
                            "the feed could not be applied; trying again"
                        );
                    }
                    self.pause(&tenant, None, Vec::new(), RETRY);
                }
            }
            Ok(Incoming::CaughtUp { .. }) => {}
            Err(error) if matches!(error.kind(), Kind::Precondition | Kind::OutOfRange | Kind::Invalid) => {
                // The log is not the one the queues were made from: a restored copy, another key, too long away.
                tracing::warn!(error = error.chain(), "the feed refused our cursors; rebuilding");
                self.renew(&error).await;
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "the feed broke; starting again");
                tokio::time::sleep(RETRY).await;
                self.begin(false).await;
            }
        }
    }

    /// Rebuilds the queues of the tenant that the refusal names, or of all.
    async fn renew(&mut self, refusal: &Error) {
        let named = refusal.metadata().iter().find(|(key, _)| *key == "tenant");
        match named.and_then(|(_, tenant)| self.marks.get(tenant).cloned().map(|mark| (tenant, mark))) {
            Some((tenant, mark)) => {
                self.pause(tenant, Some(mark), Vec::new(), Duration::ZERO);
                let head = head(self.app, tenant).await;
                self.follower.move_to(tenant, &head);
            }
            None => self.begin(true).await,
        }
    }

    async fn apply(&mut self, tenant: &str, events: &[pb::Event], cursor: String) -> Result<(), Error> {
        // Before the cursor moves, and for paused tenants too: who rebuilds has to know it.
        accepted::record(self.app, tenant, events).await?;
        if self.paused.contains_key(tenant) {
            return Ok(());
        }
        let Some(mut batch) = news::batch(self.app, tenant, events, cursor).await? else {
            return Ok(());
        };
        if !self.marks.contains_key(tenant) {
            // A tenant that is new to us; somebody may have built its queues already.
            let mark = self.app.queue.state(tenant).await?.complete;
            self.marks.extend(mark.map(|mark| (tenant.to_owned(), mark)));
        }
        batch.mark = self.marks.get(tenant).cloned();
        match self.app.queue.apply(tenant, &batch).await? {
            Applied::Done(changes) => {
                self.app.rebuilds.set_traceless(tenant, false);
                let abandoned = news::abandoned(events);
                news::tell(self.app, tenant, &batch.operations, changes, abandoned).await;
            }
            Applied::Seen => news::seen(self.app, tenant, &batch.operations).await?,
            Applied::NotReady => self.pause(tenant, None, batch.operations, Duration::ZERO),
            // Later, so that a log which never fills the gap does not keep us busy.
            Applied::Gap { .. } => self.pause(tenant, None, Vec::new(), RETRY),
        }
        Ok(())
    }
}

async fn states(app: &App) -> Result<Vec<(String, State)>, Error> {
    let mut states = Vec::new();
    for tenant in app.desks.tenants() {
        let state = app.queue.state(&tenant).await?;
        states.push((tenant, state));
    }
    Ok(states)
}

/// Where to follow a tenant whose news are left out anyway. Empty, the beginning, is as right but costs more.
async fn head(app: &App, tenant: &str) -> String {
    match peers::head(&app.peers, tenant).await {
        Ok(cursor) => cursor,
        Err(error) => {
            tracing::debug!(tenant, error = error.chain(), "head of the feed not read");
            String::new()
        }
    }
}

/// Tries until the tenant's queues are complete; gives where they stand.
async fn complete(
    app: App,
    tenant: String,
    found: Option<String>,
    news: Vec<Operation>,
    after: Duration,
) -> (String, State) {
    tokio::time::sleep(after).await;
    let mut wait = RETRY;
    loop {
        match try_complete(&app, &tenant, found.as_deref(), &news).await {
            Ok(state) if state.complete.is_some() => return (tenant, state),
            Ok(_) => {}
            Err(error) => tracing::debug!(tenant, error = error.chain(), "the queues are not complete yet"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_MAX);
    }
}

async fn try_complete(app: &App, tenant: &str, found: Option<&str>, news: &[Operation]) -> Result<State, Error> {
    match found {
        Some(found) => rebuild::renew(app, tenant, found).await?,
        None => rebuild::ensure_with(app, tenant, news).await?,
    }
    app.queue.state(tenant).await
}
