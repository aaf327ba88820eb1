//! Follows ticketing's feed over all tenants and applies it to the queues, cursor and effect in one script.
//!
//! Every process follows; the script lets each batch count once. Where the queues stand is only in Redis: after a rollback of
//! Redis following goes on from the older cursor, after a loss the queues are rebuilt.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_error::{Error, Kind};
use vorrang_feed::{Follower, Incoming};
use vorrang_queue::{Applied, Batch, Change, Operation};

use crate::app::App;
use crate::convert;
use crate::decision::{Decision, Reason, What};
use crate::desks::Notice;
use crate::{peers, project, rebuild};

/// Between attempts while Redis or ticketing is away.
const RETRY: Duration = Duration::from_millis(250);

type TicketingFollower = Follower<pb::FollowResponse>;

/// Where following goes on.
#[derive(Default)]
struct Positions {
    /// The cursors of complete queues, by tenant.
    cursors: BTreeMap<String, String>,
    /// The marks of the rebuilds that made them.
    marks: HashMap<String, String>,
}

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    tokio::select! {
        () = follow(&app) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn follow(app: &App) {
    meet_tenants(app).await;
    let mut positions = positions(app).await;
    let mut follower = new_follower(app, std::mem::take(&mut positions.cursors));
    let mut marks = positions.marks;
    loop {
        if let Err(error) = step(app, &mut follower, &mut marks).await {
            if error.kind() == Kind::Unavailable {
                tracing::debug!(error = error.chain(), "the feed cannot be applied now");
            } else {
                tracing::warn!(error = error.chain(), "the feed could not be applied; starting again");
            }
            tokio::time::sleep(RETRY).await;
            restart(&mut follower, &mut marks, self::positions(app).await);
        }
    }
}

fn new_follower(app: &App, cursors: BTreeMap<String, String>) -> TicketingFollower {
    let client = FeedServiceClient::new(app.peers.ticketing(None));
    Follower::all(
        move |request| {
            let mut client = client.clone();
            async move { client.follow(request).await }
        },
        cursors,
    )
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

fn restart(follower: &mut TicketingFollower, marks: &mut HashMap<String, String>, positions: Positions) {
    *marks = positions.marks;
    follower.restart(positions.cursors);
}

/// Where the queues stand; waits until Redis can say.
async fn positions(app: &App) -> Positions {
    loop {
        match try_positions(app).await {
            Ok(positions) => return positions,
            Err(error) => {
                tracing::debug!(error = error.chain(), "positions not read");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Queues that are not complete are rebuilt first, so that one start is enough for all of them.
async fn try_positions(app: &App) -> Result<Positions, Error> {
    let mut positions = Positions::default();
    for tenant in app.desks.tenants() {
        let mut state = app.queue.state(&tenant).await?;
        if state.complete.is_none() {
            rebuild::ensure(app, &tenant).await?;
            state = app.queue.state(&tenant).await?;
        }
        if let Some(mark) = state.complete {
            if !state.cursor.is_empty() {
                positions.cursors.insert(tenant.clone(), state.cursor);
            }
            positions.marks.insert(tenant, mark);
        }
    }
    Ok(positions)
}

/// Takes the next piece of the feed and applies it. An error means: start again from where the queues stand.
async fn step(app: &App, follower: &mut TicketingFollower, marks: &mut HashMap<String, String>) -> Result<(), Error> {
    match follower.next().await {
        Ok(Incoming::Batch {
            tenant, events, cursor, ..
        }) => {
            app.desks.meet(&tenant);
            if apply(app, &tenant, marks, &events, cursor).await? {
                restart(follower, marks, try_positions(app).await?);
            }
            Ok(())
        }
        Ok(Incoming::CaughtUp { .. }) => Ok(()),
        Err(error) if matches!(error.kind(), Kind::Precondition | Kind::OutOfRange | Kind::Invalid) => {
            // The log is not the one the queues were made from: a restored copy, another key, too long away.
            tracing::warn!(error = error.chain(), "the feed refused our cursors; rebuilding");
            renew_all(app).await?;
            restart(follower, marks, try_positions(app).await?);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn renew_all(app: &App) -> Result<(), Error> {
    for tenant in app.desks.tenants() {
        match app.queue.state(&tenant).await?.complete {
            Some(found) => rebuild::renew(app, &tenant, &found).await?,
            None => rebuild::ensure(app, &tenant).await?,
        }
    }
    Ok(())
}

/// Applies a batch; tells whether following must start again from where the queues stand now.
async fn apply(
    app: &App,
    tenant: &str,
    marks: &mut HashMap<String, String>,
    events: &[pb::Event],
    cursor: String,
) -> Result<bool, Error> {
    let Some(mut batch) = batch(app, tenant, events, cursor).await? else {
        return Ok(false);
    };
    if !marks.contains_key(tenant) {
        // A tenant that is new to us; somebody may have built its queues already.
        learn_mark(app, tenant, marks).await?;
    }
    batch.mark = marks.get(tenant).cloned();
    let mut applied = app.queue.apply(tenant, &batch).await?;
    if applied == Applied::NotReady {
        rebuild::ensure_with(app, tenant, &batch.operations).await?;
        learn_mark(app, tenant, marks).await?;
        // What the rebuild has read already is left out; the rest, if any, counts.
        batch.mark = marks.get(tenant).cloned();
        applied = app.queue.apply(tenant, &batch).await?;
    }
    match applied {
        Applied::Done(changes) => {
            app.rebuilds.set_traceless(tenant, false);
            tell(app, tenant, &batch.operations, changes).await;
            Ok(false)
        }
        Applied::Seen => {
            recall(app, tenant, &batch).await?;
            // Another process applied it; our streams still want to know.
            app.desks.ring(tenant);
            Ok(false)
        }
        Applied::Gap { .. } | Applied::NotReady => {
            // So that a log which never fills the gap does not keep us busy.
            tokio::time::sleep(RETRY).await;
            Ok(true)
        }
    }
}

async fn learn_mark(app: &App, tenant: &str, marks: &mut HashMap<String, String>) -> Result<(), Error> {
    if let Some(mark) = app.queue.state(tenant).await?.complete {
        marks.insert(tenant.to_owned(), mark);
    }
    Ok(())
}

/// After a rebuild: what it covers comes by once more, and brings the traces that ticketing's list does not have.
async fn recall(app: &App, tenant: &str, batch: &Batch) -> Result<(), Error> {
    if app.rebuilds.is_traceless(tenant) {
        app.queue.recall(tenant, &batch.operations).await?;
    }
    Ok(())
}

async fn batch(app: &App, tenant: &str, events: &[pb::Event], cursor: String) -> Result<Option<Batch>, Error> {
    let seqs = || {
        events
            .iter()
            .filter_map(|event| event.head.as_ref().map(|head| head.seq))
    };
    let (Some(first), Some(last)) = (seqs().next(), seqs().next_back()) else {
        return Ok(None);
    };
    let policy = app.policies.of(tenant).await?;
    let operations = events
        .iter()
        .filter_map(|event| {
            let head = event.head.as_ref()?;
            let news = convert::ticket_news(event.payload.as_ref()?)?;
            Some(project::operation(
                &policy,
                head.seq,
                &news.ticket,
                news.accepted,
                &head.trace_parent,
            ))
        })
        .collect();
    Ok(Some(Batch {
        from: first - 1,
        to: last,
        cursor,
        mark: None,
        operations,
    }))
}

/// Tells the agents' streams what the batch meant for them.
async fn tell(app: &App, tenant: &str, operations: &[Operation], changes: Vec<Change>) {
    let mut decisions = Vec::new();
    let at = app.clock.now();
    let mut note = |what| {
        decisions.push(Decision {
            at,
            trace: String::new(),
            what,
        })
    };
    for change in changes {
        match change {
            Change::Revoked(held) => {
                app.desks.tell(
                    tenant,
                    &held.agent,
                    Notice::Taken {
                        offer: held.token.clone(),
                    },
                );
                note(What::Returned {
                    offer: held.token,
                    agent: held.agent,
                    ticket: held.ticket,
                    reason: Reason::Taken,
                    decline_reason: String::new(),
                });
            }
            Change::Freed(held) => note(What::Left {
                agent: held.agent,
                ticket: held.ticket,
            }),
            // Told below, with those whose lease was gone by then.
            Change::Assigned(_) => {}
        }
    }
    for operation in operations {
        if let Operation::Leave {
            ticket,
            agent: Some(agent),
            slot: Some(_),
            ..
        } = operation
        {
            app.desks
                .tell(tenant, agent, Notice::Assigned { ticket: ticket.clone() });
        }
    }
    app.desks.ring(tenant);
    if let Err(error) = app.recorder.record_all(tenant, decisions).await {
        tracing::error!(error = error.chain(), "a decision is missing in the log");
    }
}
