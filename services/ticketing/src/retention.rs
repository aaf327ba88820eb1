//! Applies what tenants keep for how long: a step at a time, so that no lock is held for long.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use crate::objects::Objects;
use crate::store::Store;

/// Rules count in days; some minutes more or less are no matter.
const EVERY: Duration = Duration::from_secs(300);
/// Files and objects treated at once.
const BATCH: u64 = 200;
/// Messages emptied at once.
const MESSAGES: u64 = 500;

/// Goes on until `shutdown`.
pub async fn run(store: Store, objects: Objects, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            result = tick(&store, &objects) => if let Err(error) = result {
                tracing::warn!(error = error.chain(), "retention goes on later");
            },
            () = shutdown.cancelled() => {}
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Applies all rules of all tenants, then removes files that nobody refers to, frees the room of erased texts, and removes
/// the objects of what is gone. One
/// tenant's or the object store's failure holds up nobody else.
///
/// # Errors
/// The last failure, after everything was tried.
pub async fn tick(store: &Store, objects: &Objects) -> Result<(), Error> {
    let mut result = Ok(());
    for (tenant, policy) in store.policies().await? {
        if let Err(error) = apply(store, &tenant, &policy.rules).await {
            result = Err(error.about(format!("retention of {tenant}")));
        }
    }
    while store.doom_orphans(BATCH).await? > 0 {}
    while store.free_texts(MESSAGES).await? > 0 {}
    sweep(store, objects).await?;
    result
}

async fn apply(store: &Store, tenant: &str, rules: &[crate::privacy::Rule]) -> Result<(), Error> {
    for rule in rules {
        while store.retain(tenant, rule).await? > 0 {}
    }
    Ok(())
}

/// Deletes the objects that are to go. One that the object store will not give up holds up no other, and is tried again the next time.
///
/// # Errors
/// When database or object store fail, after everything was tried; what is left goes later.
pub async fn sweep(store: &Store, objects: &Objects) -> Result<(), Error> {
    let mut result = Ok(());
    let mut after = None;
    loop {
        let doomed = store.doomed(after, BATCH).await?;
        let Some(last) = doomed.last() else {
            return result;
        };
        after = Some(last.object);
        let mut gone = Vec::with_capacity(doomed.len());
        for one in doomed {
            match objects.delete(&one.tenant, one.object).await {
                Ok(()) => gone.push(one.object),
                Err(error) => result = Err(error),
            }
        }
        store.are_gone(&gone).await?;
    }
}
