//! Forgets customers whom ticketing has erased.

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_feed::Erasures;
use vorrang_service::Peers;

use crate::store::Store;

pub(crate) async fn run(store: Store, peers: Peers, clock: SharedClock, shutdown: CancellationToken) {
    let client = FeedServiceClient::new(peers.ticketing(None));
    let open = move |request| {
        let mut client = client.clone();
        async move { client.follow(request).await }
    };
    let database = store.database().clone();
    let erase = move |erasures| {
        let (store, clock) = (store.clone(), clock.clone());
        Box::pin(async move { carry_out(&store, &clock, &erasures).await }) as BoxFuture<'static, _>
    };
    vorrang_feed::follow_erasures(database, open, erase, shutdown).await;
}

async fn carry_out(store: &Store, clock: &SharedClock, erasures: &Erasures) -> Result<(), Error> {
    let forgotten = store.erase(erasures, clock.now()).await?;
    if !erasures.customers.is_empty() {
        tracing::info!(
            tenant = erasures.tenant,
            customers = erasures.customers.join(","),
            sessions = forgotten.sessions,
            events = forgotten.events,
            "sessions of erased customers are nobody's now"
        );
    }
    Ok(())
}
