//! Keys in memory, bounded in number and in age.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::cipher::Key;

/// A key older than this is read again: another process may have destroyed it.
pub const FRESH: Duration = Duration::from_secs(3);
/// Keys of one generation. Two generations are kept, about half a kilobyte a key.
const GENERATION: usize = 20_000;

/// Two generations: a full one pushes out the one before it.
#[derive(Default)]
pub struct Cache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: Keys,
    old: Keys,
}

type Keys = HashMap<Uuid, Entry>;

struct Entry {
    /// Ids are unique over all tenants; checked all the same.
    tenant: Arc<str>,
    key: Arc<Key>,
    read: Instant,
}

impl Entry {
    fn is(&self, tenant: &str, now: Instant) -> bool {
        *self.tenant == *tenant && now.duration_since(self.read) < FRESH
    }
}

impl Cache {
    /// Sorts `ids` into those that are here and fresh, and those to be read.
    pub fn get(
        &self,
        tenant: &str,
        ids: &[Uuid],
        now: Instant,
        found: &mut HashMap<Uuid, Arc<Key>>,
        missing: &mut Vec<Uuid>,
    ) {
        let cached = self.lock();
        for id in ids {
            let entry = cached.young.get(id).or_else(|| cached.old.get(id));
            match entry.filter(|entry| entry.is(tenant, now)) {
                Some(entry) => {
                    found.insert(*id, Arc::clone(&entry.key));
                }
                None => missing.push(*id),
            }
        }
    }

    /// Keeps a key that was just read or made.
    pub fn put(&self, tenant: &str, id: Uuid, key: Arc<Key>, read: Instant) {
        let mut cached = self.lock();
        if cached.young.len() >= GENERATION {
            cached.old = std::mem::take(&mut cached.young);
        }
        let tenant = Arc::from(tenant);
        cached.young.insert(id, Entry { tenant, key, read });
    }

    /// Drops destroyed keys.
    pub fn forget(&self, tenant: &str, ids: impl IntoIterator<Item = Uuid>) {
        let mut cached = self.lock();
        for id in ids {
            let Generations { young, old } = &mut *cached;
            for keys in [young, old] {
                if keys.get(&id).is_some_and(|entry| *entry.tenant == *tenant) {
                    keys.remove(&id);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
