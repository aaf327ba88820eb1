//! What only the passing of time brings about: targets that become at risk or are missed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use crate::automation::Cause;
use crate::sla;
use crate::store::entity::ticket;
use crate::store::{Call, Store, row, write};

/// Tickets of which there is something to tell, by tenant.
#[derive(Debug, Default)]
pub struct Due {
    /// The tickets, at most as many as were asked for.
    pub tickets: BTreeMap<String, Vec<Uuid>>,
    /// When there will be something next, if nothing happens; among what was not asked for it may be now. None: never.
    pub next: Option<DateTime<Utc>>,
}

impl Store {
    /// The tickets of any tenant of which there is something to tell at `now`, those first that have waited longest. Costs what
    /// is due, however many tickets there are.
    pub async fn due_promises(&self, now: DateTime<Utc>, limit: u64) -> Result<Due, Error> {
        let rows: Vec<(String, Uuid, i64)> = ticket::Entity::find()
            .select_only()
            .columns([ticket::Column::Tenant, ticket::Column::Id, ticket::Column::NextSlaAt])
            .filter(ticket::Column::NextSlaAt.is_not_null())
            .order_by_asc(ticket::Column::NextSlaAt)
            .limit(limit + 1)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut due = Due::default();
        for (place, (tenant, id, at)) in rows.into_iter().enumerate() {
            if place == most || at > micros(now) {
                due.next = Some(from_micros(at));
                break;
            }
            due.tickets.entry(tenant).or_default().push(id);
        }
        Ok(due)
    }

    /// Tells what there is to tell of these tickets, in one transaction. Another process may have told it meanwhile: the lock and
    /// what the ticket says was told make sure that nothing is told twice. Gives how many events that made.
    pub async fn tell_promises(&self, tenant: &str, ids: Vec<Uuid>) -> Result<usize, Error> {
        let tx = self.db.begin().await?;
        let mut tickets = row::lock_tickets(&tx, &self.personal, tenant, ids).await?;
        // Read under the locks: nothing that was recorded before is overlooked.
        let now = self.clock.now();
        tickets.retain(|_, ticket| {
            let wake = ticket.sla.as_ref().and_then(|sla| sla.watch.wake_at());
            wake.is_some_and(|wake| wake <= now)
        });
        if tickets.is_empty() {
            tx.rollback().await?;
            return Ok(0);
        }
        let keys = tickets.values().filter_map(|ticket| ticket.sla.as_ref());
        let terms = self.terms(tx.conn(), tenant, keys.map(|sla| sla.terms.clone())).await?;
        let call = Call {
            tenant: tenant.to_owned(),
            request_id: String::new(),
            request_hash: [0; 32],
            actor: sla::teller(),
            trace_parent: String::new(),
            cause: Cause::default(),
        };
        let mut events = Vec::new();
        // By id, so that the log does not depend on chance.
        let mut ids: Vec<Uuid> = tickets.keys().copied().collect();
        ids.sort_unstable();
        for id in &ids {
            let Some(ticket) = tickets.get_mut(id) else { continue };
            let Some(sla) = &mut ticket.sla else { continue };
            let Some(terms) = terms.get(&sla.terms) else { continue };
            let told = sla::told(sla.watch.report(terms, now));
            events.extend(self.events(&call, ticket, told, now));
        }
        let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
        write::tickets(&tx, &keyring, tenant, tickets.values()).await?;
        let count = events.len();
        self.commit(tx, &call, &keyring, &(), events, now).await?;
        Ok(count)
    }
}
