//! Routing: who gets which contact, and when.
//!
//! Agents, versions of the policy and the log of decisions are in its database; the live queues are in Redis ([`vorrang_queue`]) and
//! can be rebuilt at any time. The walk of a contact: ticketing's feed → [`follow`] → [`project`] gives it its place (pure, by
//! [`policy`]) → one script puts it in its queue and moves the cursor → an agent's stream ([`rpc`]`::work`) claims it, offers it, and
//! when the agent accepts, ticketing decides by the ticket's generation. Nothing here ever assigns a ticket by itself.

mod agent;
mod app;
mod contact;
mod convert;
mod decision;
mod desks;
mod event;
mod follow;
mod grpc;
mod loops;
mod names;
mod peers;
mod policies;
mod policy;
mod project;
mod rebuild;
mod recorder;
mod rpc;
mod store;
mod wait;
mod words;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vorrang_api::raw::routing::feed_service_server::FeedServiceServer;
use vorrang_api::routing::v1::agent_service_server::AgentServiceServer;
use vorrang_api::routing::v1::queue_service_server::QueueServiceServer;
use vorrang_api::routing::v1::work_service_server::WorkServiceServer;
use vorrang_error::Error;
use vorrang_feed::{Feed, Owner, Retention};
use vorrang_queue::Queue;
use vorrang_service::{Bound, Context, configured};
use vorrang_typing::Typing;

pub use store::Migrator;

use crate::app::App;
use crate::desks::Desks;
use crate::grpc::Routing;
use crate::policies::Policies;
use crate::rebuild::Rebuilds;
use crate::recorder::Recorder;
use crate::store::Store;

/// How long streams that were cut may take to give their offers back when the process stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long Redis may take to answer when we start. Later losses are waited for; an address that is wrong should be told now.
const REACHABLE_IN: Duration = Duration::from_secs(5);

/// Opens the database and Redis and serves agents, queues, work and the feed. The queues are filled in the background.
pub async fn bind(context: Context) -> Result<Bound, Error> {
    let database = context.open_database::<Migrator>("routing").await?;
    let redis = context.redis_url().await?;
    let queue = reach(&redis).await?;
    let typing = Typing::connect(&redis)?;
    let store = Store::new(database.clone(), context.ids.clone());
    let feed = Feed::new(
        Owner::Routing,
        database.clone(),
        context.secrets.cursor_key(),
        context.clock.clone(),
    )
    .with_retention(Retention {
        days: context.config.feed.retention_days,
        hold_days: context.config.feed.consumer_hold_days,
    });
    let (clock, shutdown) = (context.clock.clone(), context.shutdown.clone());
    // The writer outlives the streams, which have a last word to say.
    let written = CancellationToken::new();
    let (recorder, writer) = Recorder::new(store.clone(), clock.clone(), written.clone());
    let streams = TaskTracker::new();
    let app = App {
        policies: Policies::new(store.clone(), clock.clone()),
        store,
        queue,
        feed: feed.clone(),
        peers: context.peers.clone(),
        clock: clock.clone(),
        ids: context.ids.clone(),
        recorder,
        desks: Desks::default(),
        rebuilds: Rebuilds::default(),
        typing: typing.clone(),
        streams: streams.clone(),
    };
    let routing = Routing(app.clone());
    Ok(Bound::new("routing")
        .grpc(configured!(AgentServiceServer::new(routing.clone()), context))
        .grpc(configured!(QueueServiceServer::new(routing.clone()), context))
        .grpc(configured!(WorkServiceServer::new(routing.clone()), context))
        .grpc(configured!(FeedServiceServer::new(routing), context))
        .task("feed", feed.run(shutdown.clone()))
        .task("decisions", writer)
        .task("streams", end_streams(streams, shutdown.clone(), written))
        .task("follow tickets", follow::run(app.clone(), shutdown.clone()))
        .task("typing", typing.run(shutdown.clone()))
        .task("typing customers", loops::typing::run(app.clone(), shutdown.clone()))
        .task("sweep leases", loops::sweep::run(app.clone(), shutdown.clone()))
        .task("presence", loops::presence::run(app, shutdown.clone()))
        .task("forget answers", loops::forget_answers::run(database, clock, shutdown)))
}

/// Waits at the end until the streams have given their offers back, and lets the writer end after them.
async fn end_streams(streams: TaskTracker, shutdown: CancellationToken, written: CancellationToken) {
    shutdown.cancelled().await;
    streams.close();
    let _ = tokio::time::timeout(LAST_WORDS, streams.wait()).await;
    written.cancel();
}

/// The queues in the Redis at `url`, once it has answered.
async fn reach(url: &str) -> Result<Queue, Error> {
    let queue = Queue::connect(url)?;
    let unreachable = |why: String| {
        let address = vorrang_service::redacted(url);
        Error::unavailable(
            "REDIS_UNAVAILABLE",
            format!("Redis at {address} (redis.url) cannot be used: {why}"),
        )
    };
    match tokio::time::timeout(REACHABLE_IN, queue.ping()).await {
        Ok(Ok(())) => Ok(queue),
        Ok(Err(why)) => Err(unreachable(why.chain())),
        Err(_) => Err(unreachable(format!("no answer within {REACHABLE_IN:?}"))),
    }
}
