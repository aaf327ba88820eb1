//! Follows the three feeds for all tenants, from where the kept facts end or from their beginning, and keeps at it.
//!
//! Broken streams are the follower's business. What it cannot cure (the log is another one after a restore, or has
//! a hole) makes everything read wrong or doubtful, so all facts are dropped and read again; until then figures are
//! refused rather than wrong.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_api::{knowledge, routing, ticketing};
use vorrang_error::Error;
use vorrang_feed::{Follower, Incoming, Response};
use vorrang_service::Peers;

use crate::projection::{FeedEvent, Owner, Projection};
use crate::store::Store;

/// Before reading everything again; doubles while it does not help.
const REBUILD_WAIT: Duration = Duration::from_millis(100);
const REBUILD_WAIT_MAX: Duration = Duration::from_secs(30);

/// Fills `projection` until `shutdown`.
pub async fn run(projection: Projection, store: Store, peers: Peers, shutdown: CancellationToken) {
    let mut wait = REBUILD_WAIT;
    loop {
        let (owner, error) = tokio::select! {
            () = shutdown.cancelled() => return,
            error = feed(&projection, Owner::Ticketing, ticketing(&peers, &projection)) => (Owner::Ticketing, error),
            error = feed(&projection, Owner::Routing, routing(&peers, &projection)) => (Owner::Routing, error),
            error = feed(&projection, Owner::Knowledge, knowledge(&peers, &projection)) => (Owner::Knowledge, error),
        };
        if projection.loading().is_empty() {
            wait = REBUILD_WAIT;
        }
        tracing::error!(
            feed = owner.name(),
            reason = error.reason(),
            error = error.chain(),
            wait_seconds = wait.as_secs_f64(),
            "the facts are dropped and read again from the beginning"
        );
        projection.clear();
        // Should it fail, the next start finds facts whose positions the owners refuse, and comes here again.
        if let Err(error) = store.forget() {
            tracing::error!(
                reason = error.reason(),
                error = error.chain(),
                "kept facts could not be removed"
            );
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = wait.saturating_mul(2).min(REBUILD_WAIT_MAX);
    }
}

/// Reads one feed until something happens that only a rebuild cures.
async fn feed<R>(projection: &Projection, owner: Owner, mut follower: Follower<R>) -> Error
where
    R: Response,
    R::Event: FeedEvent,
{
    loop {
        let applied = match follower.next().await {
            Ok(Incoming::Batch {
                tenant,
                events,
                cursor,
                caught_up,
                as_of,
            }) => {
                let projection = projection.clone();
                let caught_up_at = caught_up.then(|| as_of.timestamp_micros());
                // A query may hold the tenant's facts for a while: not on a worker of the runtime.
                tokio::task::spawn_blocking(move || projection.apply(owner, &tenant, &events, (caught_up_at, &cursor)))
                    .await
                    .unwrap_or_else(|why| Err(Error::internal("a batch could not be added").caused_by(why)))
            }
            Ok(Incoming::CaughtUp { as_of }) => {
                projection.caught_up(owner, as_of.timestamp_micros());
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = applied {
            return error;
        }
    }
}

fn ticketing(peers: &Peers, projection: &Projection) -> Follower<ticketing::v1::FollowResponse> {
    let client = ticketing::v1::feed_service_client::FeedServiceClient::new(peers.ticketing(None));
    let open = move |request| {
        let mut client = client.clone();
        async move { client.follow(request).await }
    };
    Follower::all(open, projection.cursors(Owner::Ticketing))
}

fn routing(peers: &Peers, projection: &Projection) -> Follower<routing::v1::FollowResponse> {
    let client = routing::v1::feed_service_client::FeedServiceClient::new(peers.routing(None));
    let open = move |request| {
        let mut client = client.clone();
        async move { client.follow(request).await }
    };
    Follower::all(open, projection.cursors(Owner::Routing))
}

fn knowledge(peers: &Peers, projection: &Projection) -> Follower<knowledge::v1::FollowResponse> {
    let client = knowledge::v1::feed_service_client::FeedServiceClient::new(peers.knowledge(None));
    let open = move |request| {
        let mut client = client.clone();
        async move { client.follow(request).await }
    };
    Follower::all(open, projection.cursors(Owner::Knowledge))
}
