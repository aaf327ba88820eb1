//! How many attempts a process makes at once: in all, and of one tenant, so that nobody's slow endpoints take all there are.
//! Whatever the others do, each tenant can make one attempt at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Attempts under way at once in this process that are the only one of their tenant.
const FIRSTS: usize = 1_024;
/// All others.
const MORE: usize = 512;
/// Of one tenant, the first included.
const OF_TENANT: usize = 64;

/// Lets one attempt be made. Given back when dropped.
pub struct Permit {
    _shared: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _tenant: Arc<OfTenant>,
}

struct OfTenant {
    first: Arc<Semaphore>,
    more: Arc<Semaphore>,
}

/// Clones share the count.
#[derive(Clone)]
pub struct Permits {
    firsts: Arc<Semaphore>,
    more: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<String, Arc<OfTenant>>>>,
}

impl Default for Permits {
    fn default() -> Self {
        Self {
            firsts: Arc::new(Semaphore::new(FIRSTS)),
            more: Arc::new(Semaphore::new(MORE)),
            tenants: Arc::default(),
        }
    }
}

impl Permits {
    /// At most `most` permits, those that are free; waits for one if none is free and `wait` is set.
    pub async fn take(&self, tenant: &str, most: usize, wait: bool) -> Vec<Permit> {
        let tenant = self.of(tenant);
        let mut permits = Vec::new();
        while permits.len() < most {
            let free = free(&tenant, &tenant.first, &self.firsts).or_else(|| free(&tenant, &tenant.more, &self.more));
            let Some(permit) = free else { break };
            permits.push(permit);
        }
        if permits.is_empty() && most > 0 && wait {
            let permit = tokio::select! {
                permit = next(&tenant, &tenant.first, &self.firsts) => permit,
                permit = next(&tenant, &tenant.more, &self.more) => permit,
            };
            permits.extend(permit);
        }
        permits
    }

    fn of(&self, tenant: &str) -> Arc<OfTenant> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody else holds those that are not in use: whoever takes one does it under this lock.
        if tenants.len() >= FIRSTS {
            tenants.retain(|_, tenant| Arc::strong_count(tenant) > 1);
        }
        let entry = tenants.entry(tenant.to_owned()).or_insert_with(|| {
            Arc::new(OfTenant {
                first: Arc::new(Semaphore::new(1)),
                more: Arc::new(Semaphore::new(OF_TENANT - 1)),
            })
        });
        Arc::clone(entry)
    }
}

fn free(tenant: &Arc<OfTenant>, own: &Arc<Semaphore>, shared: &Arc<Semaphore>) -> Option<Permit> {
    Some(Permit {
        _own: Arc::clone(own).try_acquire_owned().ok()?,
        _shared: Arc::clone(shared).try_acquire_owned().ok()?,
        _tenant: Arc::clone(tenant),
    })
}

/// The tenant's own first: whoever waits for its own tenant holds nothing that others need. Neither is ever closed.
async fn next(tenant: &Arc<OfTenant>, own: &Arc<Semaphore>, shared: &Arc<Semaphore>) -> Option<Permit> {
    Some(Permit {
        _own: Arc::clone(own).acquire_owned().await.ok()?,
        _shared: Arc::clone(shared).acquire_owned().await.ok()?,
        _tenant: Arc::clone(tenant),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_cannot_take_all_and_waits_for_its_own() {
        vorrang_testkit::run(async {
            let permits = Permits::default();
            let mut mine = permits.take("acme", 1_000, true).await;
            assert_eq!(mine.len(), OF_TENANT);
            assert!(permits.take("acme", 1, false).await.is_empty());
            assert_eq!(permits.take("globex", 3, true).await.len(), 3, "others are not held up");
            let waiting = tokio::spawn({
                let permits = permits.clone();
                async move { permits.take("acme", 5, true).await.len() }
            });
            mine.pop();
            assert_eq!(waiting.await.expect("runs"), 1);
            drop(mine);
            assert_eq!(permits.take("acme", 1_000, true).await.len(), OF_TENANT);
        });
    }

    #[test]
    fn many_tenants_together_leave_one_to_each_of_the_others() {
        vorrang_testkit::run(async {
            let permits = Permits::default();
            let mut taken = Vec::new();
            for index in 0..MORE {
                taken.extend(permits.take(&format!("tenant-{index}"), 1_000, true).await);
            }
            assert_eq!(taken.len(), 2 * MORE, "a first one each, and all of the rest");
            assert_eq!(permits.take("late", 1_000, true).await.len(), 1);
        });
    }
}
