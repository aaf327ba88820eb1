//! The agents' streams of this process: who is there, how to tell them something, how to wake them when something waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{mpsc, watch};

/// Notices that may wait for one stream. One that does not fit is dropped: it only tells earlier what the stream learns anyway when
/// it next extends or accepts the offer.
const NOTICES_MAX: usize = 256;

/// What a stream is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The offer is no longer the agent's: ticketing's feed says so.
    Taken { offer: String },
    /// The offer's lease ran out.
    Expired { offer: String },
    /// Ticketing has given the ticket to the agent by our offer.
    Assigned { ticket: String },
    /// The customer of a ticket that the agent has types, or has stopped.
    Typing { ticket: String, typing: bool },
    /// The queues were rebuilt: no offer holds any more.
    Rebuilt,
    /// The agent has opened another stream.
    Replaced,
    /// The agent may not work any more.
    Disabled,
}

/// Clones share the streams.
#[derive(Clone, Default)]
pub(crate) struct Desks(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// By tenant and agent.
    streams: HashMap<(String, String), Stream>,
    /// Rung when something may wait for agents of the tenant.
    bells: HashMap<String, watch::Sender<u64>>,
    /// Tenants that this process has met.
    tenants: BTreeSet<String>,
}

struct Stream {
    session: String,
    notices: mpsc::Sender<Notice>,
}

/// What a stream listens to. Dropping it takes the stream off the list.
pub(crate) struct Seat {
    pub notices: mpsc::Receiver<Notice>,
    pub bell: watch::Receiver<u64>,
    desks: Desks,
    key: (String, String),
    session: String,
}

impl Desks {
    /// Enters a stream; an older one of the same agent in this process is told that it was replaced.
    pub(crate) fn sit_down(&self, tenant: &str, agent: &str, session: &str) -> Seat {
        let (sender, notices) = mpsc::channel(NOTICES_MAX);
        let key = (tenant.to_owned(), agent.to_owned());
        let mut inner = self.lock();
        let stream = Stream {
            session: session.to_owned(),
            notices: sender,
        };
        if let Some(older) = inner.streams.insert(key.clone(), stream) {
            let _ = older.notices.try_send(Notice::Replaced);
        }
        inner.tenants.insert(tenant.to_owned());
        let bell = inner.bells.entry(tenant.to_owned()).or_default().subscribe();
        Seat {
            notices,
            bell,
            desks: self.clone(),
            key,
            session: session.to_owned(),
        }
    }

    /// Tells the agent's stream, if it is here.
    pub(crate) fn tell(&self, tenant: &str, agent: &str, notice: Notice) {
        let inner = self.lock();
        if let Some(stream) = inner.streams.get(&(tenant.to_owned(), agent.to_owned())) {
            let _ = stream.notices.try_send(notice);
        }
    }

    /// Tells all streams of a tenant.
    pub(crate) fn tell_all(&self, tenant: &str, notice: &Notice) {
        let inner = self.lock();
        for ((owner, _), stream) in &inner.streams {
            if owner == tenant {
                let _ = stream.notices.try_send(notice.clone());
            }
        }
    }

    /// Something may wait for agents of the tenant.
    pub(crate) fn ring(&self, tenant: &str) {
        if let Some(bell) = self.lock().bells.get(tenant) {
            bell.send_modify(|rings| *rings = rings.wrapping_add(1));
        }
    }

    /// Notes that a tenant exists, so that its queues are looked after.
    pub(crate) fn meet(&self, tenant: &str) {
        let mut inner = self.lock();
        if !inner.tenants.contains(tenant) {
            inner.tenants.insert(tenant.to_owned());
        }
    }

    /// All tenants met so far.
    pub(crate) fn tenants(&self) -> Vec<String> {
        self.lock().tenants.iter().cloned().collect()
    }

    /// The sessions of this process: by tenant, by agent.
    pub(crate) fn sessions(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut sessions: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for ((tenant, agent), stream) in &self.lock().streams {
            let of_tenant = sessions.entry(tenant.clone()).or_default();
            of_tenant.insert(agent.clone(), stream.session.clone());
        }
        sessions
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing is left half done under the lock.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.desks.lock();
        // A newer stream of the agent may sit here by now.
        if inner
            .streams
            .get(&self.key)
            .is_some_and(|stream| stream.session == self.session)
        {
            inner.streams.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_stream_replaces_the_older_and_survives_its_end() {
        let desks = Desks::default();
        let mut older = desks.sit_down("acme", "anna", "s1");
        let mut newer = desks.sit_down("acme", "anna", "s2");
        assert_eq!(older.notices.recv().await, Some(Notice::Replaced));
        drop(older);
        desks.tell("acme", "anna", Notice::Rebuilt);
        assert_eq!(newer.notices.recv().await, Some(Notice::Rebuilt));
        assert_eq!(desks.sessions()["acme"]["anna"], "s2");
        drop(newer);
        assert!(desks.sessions().is_empty());
    }

    #[test]
    fn a_bell_rings_only_for_its_tenant() {
        let desks = Desks::default();
        let ours = desks.sit_down("acme", "anna", "s1");
        let theirs = desks.sit_down("other", "anna", "s2");
        desks.ring("acme");
        assert!(ours.bell.has_changed().expect("open"));
        assert!(!theirs.bell.has_changed().expect("open"));
        desks.meet("third");
        assert_eq!(desks.tenants(), ["acme", "other", "third"]);
    }
}
