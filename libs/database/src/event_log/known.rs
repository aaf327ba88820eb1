//! What this process knows about the ends of the logs.
//!
//! Two uses. Followers hear of a commit of this process without a look at the database ([`news`]). And a position that this
//! process has seen is never given out again in the same epoch: a counter that stands before it is that of an older copy of
//! the database, see `append.rs`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use uuid::Uuid;

use super::State;
use crate::Database;

/// The highest position seen, by tenant, in the present epoch.
#[derive(Default)]
pub(crate) struct Known(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// None until the log was looked at.
    epoch: Option<Uuid>,
    heads: HashMap<String, i64>,
    /// Commits of this process that nobody has taken yet.
    news: HashMap<String, i64>,
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whatever panicked meanwhile, positions are plain numbers and whole.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A commit of this process has succeeded.
    pub fn committed(&self, tenant: &str, seq: i64) {
        let mut inner = self.lock();
        raise(&mut inner.heads, tenant, seq);
        raise(&mut inner.news, tenant, seq);
    }

    /// The logs were looked at.
    pub fn seen(&self, state: &State) {
        let mut inner = self.lock();
        if inner.epoch.is_some_and(|epoch| epoch != state.epoch) {
            inner.heads.clear();
            inner.news.clear();
        }
        inner.epoch = Some(state.epoch);
        for head in &state.heads {
            raise(&mut inner.heads, &head.tenant, head.seq);
        }
    }

    /// The highest position of `tenant` that was seen; 0: none.
    pub fn head(&self, tenant: &str) -> i64 {
        self.lock().heads.get(tenant).copied().unwrap_or_default()
    }

    /// In which epoch; none: the log was never looked at.
    pub fn epoch(&self) -> Option<Uuid> {
        self.lock().epoch
    }

    /// From now on positions count in `epoch`; what was seen before means nothing any more.
    pub fn adopt(&self, epoch: Uuid) {
        *self.lock() = Inner {
            epoch: Some(epoch),
            ..Inner::default()
        };
    }
}

fn raise(heads: &mut HashMap<String, i64>, tenant: &str, seq: i64) {
    match heads.get_mut(tenant) {
        Some(head) => *head = seq.max(*head),
        None => {
            heads.insert(tenant.to_owned(), seq);
        }
    }
}

/// Tenants of which this process has committed events since this was last asked, with the last position of each and the epoch
/// they count in. One caller takes them for all; whoever comes too late looks at the log.
pub fn news(database: &Database) -> (Option<Uuid>, Vec<(String, i64)>) {
    let mut inner = database.known().lock();
    (inner.epoch, std::mem::take(&mut inner.news).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_log::Head;

    fn state(epoch: u128, seq: i64) -> State {
        State {
            epoch: Uuid::from_u128(epoch),
            heads: vec![Head {
                tenant: "acme".to_owned(),
                seq,
                floor: 0,
            }],
        }
    }

    #[test]
    fn heads_only_rise_within_an_epoch() {
        let known = Known::default();
        assert_eq!((known.epoch(), known.head("acme")), (None, 0));
        known.committed("acme", 5);
        known.seen(&state(1, 3));
        assert_eq!(known.head("acme"), 5, "an older look teaches nothing");
        known.seen(&state(1, 7));
        known.committed("acme", 6);
        assert_eq!(known.head("acme"), 7);
        known.seen(&state(2, 2));
        assert_eq!(known.head("acme"), 2, "another epoch counts anew");
        known.adopt(Uuid::from_u128(3));
        assert_eq!((known.epoch(), known.head("acme")), (Some(Uuid::from_u128(3)), 0));
    }
}
