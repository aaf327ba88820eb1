//! The database of knowledge: every change is one transaction that locks, decides, writes the row, the answer for a repeat
//! and the event. Entities never leave this module; no query is without a tenant.

mod article;
mod entity;
mod erase;
mod migrations;
mod session;

use chrono::{DateTime, Utc};
use vorrang_database::event_log::{self, NewEvent};
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{Database, Tx};
use vorrang_error::Error;
use vorrang_service::Ids;

use crate::convert;
use crate::event::Event;

pub(crate) use article::Listing;
pub use migrations::Migrator;
pub(crate) use session::Refers;

/// The store. Clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    ids: Ids,
}

/// Who caused a change, as events carry it.
#[derive(Debug, Clone)]
pub(crate) enum Actor {
    /// The customer of the session that changed.
    Customer,
    /// A machine: the id of its API key, or the name of our service.
    Automation(String),
}

/// What a change is made under: for whom, by whom, and what makes it repeatable.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub tenant: String,
    /// Empty: not repeatable.
    pub request_id: String,
    pub request_hash: [u8; 32],
    pub actor: Actor,
    /// W3C trace context of the request; empty when there is none.
    pub trace_parent: String,
    pub now: DateTime<Utc>,
}

/// What a change gives.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// It was made (or nothing was left to change).
    Fresh(T),
    /// It was made before under the same request id: the encoded answer of then.
    Repeated(Vec<u8>),
}

impl Store {
    pub(crate) fn new(database: Database, ids: Ids) -> Self {
        Self { database, ids }
    }

    /// The database, for the feed and the search index.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Begins the transaction of `call`, or gives the answer of its first time.
    async fn begin(&self, call: &Call) -> Result<Answer<Tx>, Error> {
        let mut tx = self.database.begin().await?;
        let begun = idempotency::begin(&mut tx, &call.tenant, &call.request_id, call.request_hash, call.now).await?;
        Ok(match begun {
            Begin::New => Answer::Fresh(tx),
            Begin::Same(answer) => Answer::Repeated(answer),
        })
    }

    /// Keeps the answer for a repeat, appends the event and commits.
    async fn finish(&self, mut tx: Tx, call: &Call, answer: &[u8], event: Option<&Event>) -> Result<(), Error> {
        idempotency::finish(&mut tx, &call.tenant, &call.request_id, answer).await?;
        if let Some(event) = event {
            let (actor_kind, actor_id) = match &call.actor {
                Actor::Customer => ("CUSTOMER", event.customer().to_owned()),
                Actor::Automation(id) => ("AUTOMATION", id.clone()),
            };
            let event = NewEvent {
                id: self.ids.next(call.now),
                kind: event.kind().to_owned(),
                subject: event.subject(),
                occurred_at: call.now,
                actor_kind: actor_kind.to_owned(),
                actor_id,
                trace_parent: call.trace_parent.clone(),
                payload: convert::payload(event),
            };
            // Last, since it takes the tenant's counter row: whoever comes next waits only for our commit.
            event_log::append(&mut tx, &call.tenant, call.now, vec![event]).await?;
        }
        tx.commit().await
    }
}

#[cfg(test)]
mod tests;
