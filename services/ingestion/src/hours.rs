//! When somebody is there for live chats: by the schedule that the tenant's routing policy names. Whoever cannot be asked changes nothing: then
//! customers wait as ever, and nothing they say is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_service::Peers;

use crate::rpc::read_hours;

/// What was read holds so long; opening time itself is never missed.
const FRESH: TimeDelta = TimeDelta::seconds(30);
/// Tenants that are remembered; beyond it all are read anew.
const TENANTS_MAX: usize = 10_000;

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// Yes, or nobody says no.
    Open,
    /// No; and when again, if that is known.
    Closed(Option<DateTime<Utc>>),
}

/// What is known of a tenant's desk, and when it was read.
type Read = HashMap<String, (Desk, DateTime<Utc>)>;

/// Knows when desks are open. Clones share what was read.
#[derive(Clone)]
pub struct Hours {
    peers: Peers,
    read: Arc<Mutex<Read>>,
}

impl Hours {
    /// Asks through `peers`.
    pub fn new(peers: Peers) -> Self {
        Self {
            peers,
            read: Arc::default(),
        }
    }

    /// Whether somebody is there at `now`.
    pub async fn at(&self, tenant: &str, now: DateTime<Utc>) -> Desk {
        if let Some(known) = holds(self.lock().get(tenant), now) {
            return known;
        }
        let desk = read_hours::read(&self.peers, tenant, now)
            .await
            .unwrap_or_else(|error| {
                tracing::debug!(
                    error = error.chain(),
                    "opening hours were not read; the desk counts as open"
                );
                Desk::Open
            });
        let mut read = self.lock();
        if read.len() >= TENANTS_MAX {
            read.clear();
        }
        read.insert(tenant.to_owned(), (desk, now));
        desk
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read, while it holds.
fn holds(read: Option<&(Desk, DateTime<Utc>)>, now: DateTime<Utc>) -> Option<Desk> {
    let (desk, at) = read?;
    let opened = matches!(desk, Desk::Closed(Some(opens_at)) if *opens_at <= now);
    ((now - *at).abs() < FRESH && !opened).then_some(*desk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_holds_until_the_desk_opens() {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid");
        let closed = Desk::Closed(Some(at(10)));
        assert_eq!(holds(None, at(0)), None);
        assert_eq!(holds(Some(&(closed, at(0))), at(9)), Some(closed));
        assert_eq!(holds(Some(&(closed, at(0))), at(10)), None);
        assert_eq!(holds(Some(&(Desk::Open, at(0))), at(29)), Some(Desk::Open));
        assert_eq!(holds(Some(&(Desk::Open, at(0))), at(30)), None);
        assert_eq!(
            holds(Some(&(Desk::Open, at(0))), at(-31)),
            None,
            "a clock that was set back"
        );
    }
}
