//! What the three feeds amount to: the facts of every tenant, and how far each feed was read.
//!
//! Guarantees: an event has its effect once, however often it is delivered (events at or below the position
//! reached are skipped; a hole is an error, since feeds have none); the position moves together with the effect.
//! [`crate::store`] writes facts and positions together; after a start reading goes on from there.

mod history;
mod knowledge;
mod promises;
mod records;
mod routing;
mod ticketing;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use vorrang_api::feed::v1::EventHead;
use vorrang_error::Error;

use crate::buckets::Micros;
use crate::facts::{Event, Facts, Order, Touched};
use crate::rows::Ledger;

/// Whose feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Tickets, messages, customers, surveys.
    Ticketing,
    /// Agents and their work.
    Routing,
    /// Self-service.
    Knowledge,
}

/// All owners. Among events of one instant those of the first come first: a ticket before what is done with it.
pub const OWNERS: [Owner; 3] = [Owner::Ticketing, Owner::Routing, Owner::Knowledge];

impl Owner {
    /// As in requests and logs.
    pub fn name(self) -> &'static str {
        match self {
            Owner::Ticketing => "ticketing",
            Owner::Routing => "routing",
            Owner::Knowledge => "knowledge",
        }
    }

    fn index(self) -> usize {
        match self {
            Owner::Ticketing => 0,
            Owner::Routing => 1,
            Owner::Knowledge => 2,
        }
    }
}

/// A typed event of one of the feeds.
pub trait FeedEvent {
    /// What every event carries; None only when the sender is broken.
    fn head(&self) -> Option<&EventHead>;

    /// Tells what happened in the words of [`Event`]: each with its time. Kinds that no figure needs, and kinds
    /// not known yet, tell nothing.
    fn tell(&self, at: Micros, tell: &mut dyn FnMut(Micros, Event<'_>));
}

/// How far a tenant's feed was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The last event that is in; 0 = none.
    pub seq: i64,
    /// Everything committed before this moment is in; None = not caught up yet.
    pub caught_up_at: Option<Micros>,
}

/// One tenant's facts and how far its feeds were read.
#[derive(Debug, Default)]
pub struct TenantFacts {
    facts: Facts,
    ledger: Ledger,
    positions: [Position; 3],
    /// Where to go on reading, by owner; empty: from the beginning.
    cursors: [String; 3],
    /// What was not written to the disk yet.
    unsaved: Mutex<Touched>,
}

/// How far the feeds were read when facts were written, by owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The last event that is in; 0 = none.
    pub seqs: [i64; 3],
    /// Where to go on; empty: from the beginning.
    pub cursors: [String; 3],
}

impl TenantFacts {
    /// What happened.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What was derived from it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Facts that were read up to a place earlier.
    pub fn restored(mut facts: Facts, reached: Reached) -> Self {
        let touched = facts.take_touched();
        let position = |seq| Position {
            seq,
            caught_up_at: None,
        };
        Self {
            facts,
            positions: reached.seqs.map(position),
            cursors: reached.cursors,
            unsaved: Mutex::new(touched),
            ..Self::default()
        }
    }

    /// How far all feeds were read, to be written with the facts.
    pub fn reached(&self) -> Reached {
        Reached {
            seqs: self.positions.map(|position| position.seq),
            cursors: self.cursors.clone(),
        }
    }

    /// What has changed since this was asked last.
    pub fn take_unsaved(&self) -> Touched {
        std::mem::take(&mut *self.unsaved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// It could not be written.
    pub fn keep_unsaved(&self, touched: Touched) {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).add(touched);
    }

    /// How far `owner`'s feed was read.
    pub fn position(&self, owner: Owner) -> Position {
        self.positions[owner.index()]
    }

    /// Adds events in the order of their feed. Those that are in already are skipped.
    ///
    /// Fails with Internal when an event is missing between what is in and what comes; nothing of what comes
    /// after the hole is added then.
    pub fn apply<E: FeedEvent>(&mut self, owner: Owner, events: &[E]) -> Result<(), Error> {
        let added = self.add(owner, events);
        self.ledger.note(&self.facts);
        self.facts.forget_changes();
        let touched = self.facts.take_touched();
        self.keep_unsaved(touched);
        added
    }

    fn add<E: FeedEvent>(&mut self, owner: Owner, events: &[E]) -> Result<(), Error> {
        let index = owner.index();
        for event in events {
            let head = event.head().ok_or_else(|| broken(owner, "an event has no head"))?;
            let reached = self.positions[index].seq;
            if head.seq <= reached {
                continue;
            }
            // The log may begin later than at 1: retention removes its oldest part.
            if reached != 0 && head.seq != reached + 1 {
                let what = format!("event {} follows event {reached}", head.seq);
                return Err(broken(owner, &what));
            }
            let order = Order::new(index as u8, head.seq);
            let at = micros(head.occurred_at.as_ref())
                .or_else(|| micros(head.recorded_at.as_ref()))
                .ok_or_else(|| broken(owner, "an event has no time"))?;
            event.tell(at, &mut |at, told| self.facts.apply(at, order, told));
            self.positions[index].seq = head.seq;
        }
        Ok(())
    }
}

fn broken(owner: Owner, what: &str) -> Error {
    Error::internal(format!("the feed of {} is broken: {what}", owner.name()))
}

/// Microseconds of a protobuf time; None when it is missing or not a time.
fn micros(at: Option<&prost_types::Timestamp>) -> Option<Micros> {
    Some(vorrang_api::from_timestamp(at?)?.timestamp_micros())
}

/// The facts of all tenants. Clones share them.
#[derive(Clone)]
pub struct Projection(Arc<Inner>);

struct Inner {
    tenants: RwLock<HashMap<String, Arc<RwLock<TenantFacts>>>>,
    /// When each feed was last known to be read to its end, whatever tenant; by owner.
    feeds: Mutex<[Option<Micros>; 3]>,
    /// Rung whenever a position moved.
    moved: watch::Sender<()>,
}

impl Default for Projection {
    fn default() -> Self {
        Self(Arc::new(Inner {
            tenants: RwLock::default(),
            feeds: Mutex::default(),
            moved: watch::Sender::new(()),
        }))
    }
}

impl Projection {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a batch of one tenant's feed. `caught_up_at`: nothing newer had been committed at that moment.
    ///
    /// `cursor`: where to go on after it. Fails as [`TenantFacts::apply`].
    pub fn apply<E: FeedEvent>(
        &self,
        owner: Owner,
        tenant: &str,
        events: &[E],
        (caught_up_at, cursor): (Option<Micros>, &str),
    ) -> Result<(), Error> {
        let facts = self.tenant_or_new(tenant);
        {
            let mut facts = facts.write().unwrap_or_else(PoisonError::into_inner);
            facts.apply(owner, events)?;
            cursor.clone_into(&mut facts.cursors[owner.index()]);
            let position = &mut facts.positions[owner.index()];
            position.caught_up_at = position.caught_up_at.max(caught_up_at);
        }
        self.0.moved.send_replace(());
        Ok(())
    }

    /// Notes that every tenant's log of `owner` had been read to its end at `at`.
    pub fn caught_up(&self, owner: Owner, at: Micros) {
        {
            let mut feeds = self.feeds();
            let feed = &mut feeds[owner.index()];
            *feed = (*feed).max(Some(at));
        }
        self.0.moved.send_replace(());
    }

    /// Forgets everything: the owner's log is not the one that was read.
    pub fn clear(&self) {
        *self.feeds() = [None; 3];
        self.0.tenants.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.moved.send_replace(());
    }

    /// The owners whose feed has not been read to its end since the start; none when figures can be served.
    pub fn loading(&self) -> Vec<Owner> {
        let feeds = self.feeds();
        OWNERS
            .into_iter()
            .filter(|owner| feeds[owner.index()].is_none())
            .collect()
    }

    /// Takes in facts that were written by an earlier process.
    pub fn restore(&self, tenant: String, facts: TenantFacts) {
        let mut tenants = self.0.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant, Arc::new(RwLock::new(facts)));
    }

    /// Where to go on reading `owner`'s feed, by tenant.
    pub fn cursors(&self, owner: Owner) -> BTreeMap<String, String> {
        let each = self.tenants().into_iter().map(|(tenant, facts)| {
            let facts = facts.read().unwrap_or_else(PoisonError::into_inner);
            (tenant, facts.cursors[owner.index()].clone())
        });
        each.filter(|(_, cursor)| !cursor.is_empty()).collect()
    }

    /// Every tenant of which anything was heard.
    pub fn tenants(&self) -> Vec<(String, Arc<RwLock<TenantFacts>>)> {
        let tenants = self.0.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants
            .iter()
            .map(|(tenant, facts)| (tenant.clone(), Arc::clone(facts)))
            .collect()
    }

    /// The facts of `tenant`; None when nothing was ever heard of it.
    pub fn tenant(&self, tenant: &str) -> Option<Arc<RwLock<TenantFacts>>> {
        let tenants = self.0.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).cloned()
    }

    /// How far each feed was read for `tenant`, by owner.
    pub fn positions(&self, tenant: &str) -> [Position; 3] {
        let known = self.tenant(tenant);
        let mut positions = known.map_or_else(Default::default, |facts| {
            facts.read().unwrap_or_else(PoisonError::into_inner).positions
        });
        for (position, feed) in positions.iter_mut().zip(*self.feeds()) {
            position.caught_up_at = position.caught_up_at.max(feed);
        }
        positions
    }

    /// Waits until at least `heads` (a position by owner) are in for `tenant`, and figures can be served.
    pub async fn reached(&self, tenant: &str, heads: [i64; 3]) {
        let mut moved = self.0.moved.subscribe();
        loop {
            moved.borrow_and_update();
            let positions = self.positions(tenant);
            let reached = positions.iter().zip(heads).all(|(position, head)| position.seq >= head);
            if reached && self.loading().is_empty() {
                return;
            }
            // The sender lives as long as we do, so this cannot fail.
            if moved.changed().await.is_err() {
                return;
            }
        }
    }

    /// Rung whenever something came in, of whichever tenant.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.0.moved.subscribe()
    }

    fn tenant_or_new(&self, tenant: &str) -> Arc<RwLock<TenantFacts>> {
        if let Some(facts) = self.tenant(tenant) {
            return facts;
        }
        let mut tenants = self.0.tenants.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant.to_owned()).or_default())
    }

    fn feeds(&self) -> MutexGuard<'_, [Option<Micros>; 3]> {
        self.0.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
