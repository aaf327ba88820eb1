//! What happens to offers is written to the log only: the queues in Redis hold the rest, and can be lost.

use chrono::{DateTime, Utc};
use vorrang_database::event_log;
use vorrang_error::Error;

use super::{Actor, Store};
use crate::event::Event;

/// One thing that happened, and under what.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub event: Event,
    pub actor: Actor,
    /// W3C trace context; empty when there is none.
    pub trace_parent: String,
    pub occurred_at: DateTime<Utc>,
}

impl Store {
    /// Appends `entries` of one tenant in their order, in one transaction.
    pub(crate) async fn append(&self, tenant: &str, entries: &[Entry], now: DateTime<Utc>) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let events = entries
            .iter()
            .map(|entry| self.new_event(&entry.event, &entry.actor, &entry.trace_parent, entry.occurred_at))
            .collect();
        let mut tx = self.database.begin().await?;
        event_log::append(&mut tx, tenant, now, events).await?;
        tx.commit().await
    }
}
