//! Merges customers for whom a source vouched that they are one person. Not done with the contact that says so: a merge
//! moves tickets and orders, and contacts must not wait for that.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use crate::store::Store;

/// Pairs of other processes are found this much later at most.
const EVERY: Duration = Duration::from_secs(10);

/// Goes on until `shutdown`.
pub async fn run(store: Store, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = tick(&store).await {
            tracing::warn!(error = error.chain(), "customers were not merged");
        }
        tokio::select! {
            () = store.somebody_vouched() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Merges all that wait for it.
///
/// # Errors
/// When the database fails.
pub async fn tick(store: &Store) -> Result<(), Error> {
    while store.merge_vouched().await? > 0 {}
    Ok(())
}
