//! Undoing a merge of customers. See `customer/merge.rs` for what each of them becomes.
//!
//! What moved goes back if it is still where it went; what somebody moved further since stays there.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::{customer_merge, customer_merge_part, customer_order, personal_key};
use super::merge_customers::{
    MILESTONE, Merged, ORDER, TICKET, give_keys, give_milestones, give_orders, read_merge, write_merge,
};
use super::{Begun, Call, Store, asked, row, write};
use crate::customer::Customer;
use crate::customer::merge::{self, Merge};
use crate::event::Fact;
use crate::suggestion::Pair;
use crate::ticket::Ticket;
use crate::words::SuggestionState;

impl Store {
    /// Makes a customer that was merged its own again.
    ///
    /// # Errors
    /// NotFound; Precondition `ERASED`, `NOT_MERGED`. Nothing half done.
    pub async fn unmerge_customer<R, A>(&self, call: &Call, id: Uuid, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Merged, DateTime<Utc>) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = &call.tenant;
        row::lock_tenant(&tx, tenant).await?;
        let now = self.clock.now();
        let mut source = self.locked_customer(&tx, tenant, id).await?;
        source.check_not_erased()?;
        let Some(end) = source.merged_into else {
            return Err(merge::not_merged(id));
        };
        let mut path = self.path(&tx, tenant, id).await?;
        merge::undo(&mut source, &mut path, now)?;
        let Some(mut undone) = path.first().map(|(merge, _)| merge.clone()) else {
            return Err(merge::not_merged(id));
        };
        undone.undone_at = Some(now);
        write_merge(&tx, tenant, &undone).await?;
        let pairs = path.iter().map(|(_, customer)| Pair::of(id, customer.id));
        self.decide_suggestions(&tx, tenant, pairs, SuggestionState::Dismissed, now)
            .await?;

        // Those that were merged into it before are its again.
        let mut followers = self.followers(&tx, tenant, id).await?;
        for tombstone in &mut followers {
            tombstone.point_to(id, now);
        }
        let parts = parts(&tx, tenant, undone.id).await?;
        let of = |kind: &str| parts.get(kind).cloned().unwrap_or_default();
        let returned_orders = order_ids(&tx, tenant, &of(ORDER), end).await?;
        give_orders(&tx, tenant, &of(ORDER), end, id).await?;
        give_milestones(&tx, tenant, &of(MILESTONE), end, id).await?;
        let mut tickets: Vec<Ticket> = row::lock_tickets(&tx, &self.personal, tenant, of(TICKET))
            .await?
            .into_values()
            .filter(|ticket| ticket.customer == end)
            .collect();
        tickets.sort_unstable_by_key(|ticket| ticket.id);
        let returned: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
        asked::follow(&tx, tenant, &returned, id).await?;
        asked::share_turns(&tx, tenant, end, id).await?;
        // What is its own again is erased with it, and with nobody else.
        let own = returned.iter().copied();
        let own: Vec<Uuid> = own.chain(followers.iter().map(|one| one.id)).chain([id]).collect();
        for own in own.chunks(row::IN_MAX) {
            let which = personal_key::Column::Id.is_in(own.iter().copied());
            give_keys(&tx, tenant, which, id).await?;
        }

        let changed: Vec<Customer> = path.into_iter().map(|(_, customer)| customer).collect();
        let Some(target) = changed.last().cloned() else {
            return Err(merge::not_merged(id));
        };
        let answer = respond(
            &Merged {
                target: target.clone(),
                source: source.clone(),
                merge: undone.clone(),
            },
            now,
        );
        let mut events = vec![self.event(
            call,
            Fact::CustomersUnmerged {
                customer: Box::new(source.clone()),
                former_target: end,
                merge: undone.id,
                returned_orders,
            },
            now,
        )];
        let told = changed.iter().chain(&followers).cloned().map(Fact::CustomerUpdated);
        events.extend(told.map(|fact| self.event(call, fact, now)));
        for ticket in &mut tickets {
            let changes = ticket.belong_to(id, now);
            events.extend(self.events(call, ticket, changes, now));
        }
        let customers: Vec<&Customer> = std::iter::once(&source).chain(&changed).chain(&followers).collect();
        let ids = customers.iter().map(|customer| customer.id);
        let ids: Vec<Uuid> = ids.chain(tickets.iter().map(|ticket| ticket.id)).collect();
        let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
        write::clear_identities(&tx, tenant, end).await?;
        write::customers(&tx, &self.personal, &keyring, tenant, customers).await?;
        write::tickets(&tx, &keyring, tenant, &tickets).await?;
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// From the customer that `id` was merged into to the one at the end, each with the merge by which the one before
    /// came there.
    async fn path(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Vec<(Merge, Customer)>, Error> {
        let mut path: Vec<(Merge, Customer)> = Vec::new();
        let mut from = id;
        while let Some(row) = customer_merge::Entity::find()
            .filter(customer_merge::Column::Tenant.eq(tenant))
            .filter(customer_merge::Column::SourceId.eq(from))
            .filter(customer_merge::Column::UndoneAt.is_null())
            .one(tx.conn())
            .await
            .map_err(error)?
        {
            let merge = read_merge(row)?;
            if path.iter().any(|(_, seen)| seen.id == merge.target) {
                return Err(Error::internal("merges of customers form a circle"));
            }
            from = merge.target;
            path.push((merge, self.locked_customer(tx, tenant, from).await?));
        }
        Ok(path)
    }

    /// All tombstones that led here before this one was merged itself: those whose merges are in force, and those behind them.
    async fn followers(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Vec<Customer>, Error> {
        let mut found: Vec<Uuid> = Vec::new();
        let mut next = vec![id];
        while !next.is_empty() {
            let mut sources = Vec::new();
            for ids in next.chunks(row::IN_MAX) {
                let some: Vec<Uuid> = customer_merge::Entity::find()
                    .select_only()
                    .column(customer_merge::Column::SourceId)
                    .filter(customer_merge::Column::Tenant.eq(tenant))
                    .filter(customer_merge::Column::TargetId.is_in(ids.iter().copied()))
                    .filter(customer_merge::Column::UndoneAt.is_null())
                    .into_tuple()
                    .all(tx.conn())
                    .await
                    .map_err(error)?;
                sources.extend(some);
            }
            sources.retain(|source| !found.contains(source));
            found.extend(&sources);
            next = sources;
        }
        found.sort_unstable();
        let mut customers = row::customers(tx.conn(), &self.personal, tenant, &found).await?;
        Ok(found.iter().filter_map(|id| customers.remove(id)).collect())
    }
}

/// What moved with a merge, by kind.
async fn parts(tx: &Tx, tenant: &str, merge: Uuid) -> Result<HashMap<String, Vec<Uuid>>, Error> {
    let rows = customer_merge_part::Entity::find()
        .filter(customer_merge_part::Column::Tenant.eq(tenant))
        .filter(customer_merge_part::Column::MergeId.eq(merge))
        .order_by_asc(customer_merge_part::Column::PartId)
        .all(tx.conn())
        .await
        .map_err(error)?;
    let mut parts: HashMap<String, Vec<Uuid>> = HashMap::new();
    for row in rows {
        parts.entry(row.kind).or_default().push(row.part_id);
    }
    Ok(parts)
}

/// The shop's ids of those orders that this customer has.
async fn order_ids(tx: &Tx, tenant: &str, ids: &[Uuid], customer: Uuid) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(row::IN_MAX) {
        let some: Vec<String> = customer_order::Entity::find()
            .select_only()
            .column(customer_order::Column::OrderId)
            .filter(customer_order::Column::Tenant.eq(tenant))
            .filter(customer_order::Column::CustomerId.eq(customer))
            .filter(customer_order::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(customer_order::Column::Id)
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        found.extend(some);
    }
    Ok(found)
}
