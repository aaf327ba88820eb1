//! The policies in force, read once in a while: every offer needs one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_clock::SharedClock;
use vorrang_error::Error;

use crate::policy::Policy;
use crate::store::Store;

/// A change made by another process holds here after this long.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// By tenant, with when it was read.
type Read = HashMap<String, (Arc<Policy>, DateTime<Utc>)>;

/// Clones share what was read.
#[derive(Clone)]
pub(crate) struct Policies {
    store: Store,
    clock: SharedClock,
    read: Arc<Mutex<Read>>,
}

impl Policies {
    pub(crate) fn new(store: Store, clock: SharedClock) -> Self {
        Self {
            store,
            clock,
            read: Arc::default(),
        }
    }

    /// The policy of a tenant, at most 5 seconds old, whichever way the clock was set. A database that is away does not stop offers: then the last one read holds.
    pub(crate) async fn of(&self, tenant: &str) -> Result<Arc<Policy>, Error> {
        let now = self.clock.now();
        let last = self.lock().get(tenant).cloned();
        match last {
            Some((policy, at)) if (now - at).abs() < FRESH => Ok(policy),
            last => match (self.store.policy(tenant).await, last) {
                (Ok(policy), _) => {
                    let policy = Arc::new(policy);
                    self.lock().insert(tenant.to_owned(), (policy.clone(), now));
                    Ok(policy)
                }
                (Err(_), Some((policy, _))) => Ok(policy),
                (Err(error), None) => Err(error),
            },
        }
    }

    /// Forgets what was read of a tenant: it was changed by this process.
    pub(crate) fn forget(&self, tenant: &str) {
        self.lock().remove(tenant);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Read> {
        // Whatever a panicking holder left is a policy that was in force.
        self.read.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use vorrang_clock::ManualClock;
    use vorrang_database::Database;
    use vorrang_service::Ids;

    use super::*;
    use crate::contact::tests::at;
    use crate::store::{Call, Migrator};

    #[tokio::test]
    async fn a_clock_that_was_set_back_does_not_keep_an_old_policy() {
        let database = vorrang_testkit::sqlite();
        let database = Database::connect(database.url()).await.expect("connects");
        database.migrate::<Migrator>().await.expect("migrates");
        let store = Store::new(database, Ids::default());
        let clock = ManualClock::new(at(0));
        let policies = Policies::new(store.clone(), clock.shared());
        assert_eq!(policies.of("acme").await.expect("reads").version, 0);
        let call = Call {
            tenant: "acme".to_owned(),
            request_id: String::new(),
            request_hash: [0; 32],
            actor: "key".to_owned(),
            trace_parent: String::new(),
            now: at(0),
        };
        // By another process.
        store
            .update_policy(&call, |policy| Ok(policy.clone()))
            .await
            .expect("changes");
        assert_eq!(policies.of("acme").await.expect("reads").version, 0, "fresh enough");
        clock.set(at(-3_600));
        assert_eq!(policies.of("acme").await.expect("reads").version, 1);
    }
}
