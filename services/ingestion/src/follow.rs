//! Removes what came from customers whom ticketing has erased.

pub mod outbox;

use tokio_util::sync::CancellationToken;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_clock::SharedClock;
use vorrang_database::Database;
use vorrang_error::Error;
use vorrang_feed::Erasures;
use vorrang_service::Peers;

use crate::store::Store;

/// Goes on until `shutdown`.
pub async fn run(database: Database, store: Store, peers: Peers, clock: SharedClock, shutdown: CancellationToken) {
    let client = FeedServiceClient::new(peers.ticketing(None));
    let open = move |request| {
        let mut client = client.clone();
        async move { client.follow(request).await }
    };
    let erase = move |erasures| {
        let (store, now) = (store.clone(), clock.now());
        Box::pin(async move { carry_out(&store, &erasures, now).await }) as futures::future::BoxFuture<'static, _>
    };
    vorrang_feed::follow_erasures(database, open, erase, shutdown).await;
}

async fn carry_out(store: &Store, erasures: &Erasures, now: chrono::DateTime<chrono::Utc>) -> Result<(), Error> {
    let removed = store.erase(erasures, now).await?;
    if !erasures.customers.is_empty() {
        tracing::info!(
            tenant = erasures.tenant,
            customers = erasures.customers.join(","),
            raws = removed.raws,
            inbox = removed.inbox,
            quarantine = removed.quarantine,
            "what came from erased customers is removed"
        );
    }
    Ok(())
}
