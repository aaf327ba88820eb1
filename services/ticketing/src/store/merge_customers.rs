//! Making one customer of two. See `customer/merge.rs` for what each of them becomes.
//!
//! Everything moves in one transaction under the tenant's lock, so nobody ever sees half of a merge, and no contact,
//! order or ticket can slip in between. That is why what moves is bounded.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::entity::{
    customer, customer_merge, customer_merge_part, customer_milestone, customer_order, personal_key, ticket,
};
use super::{Begun, Call, Store, asked, row, write};
use crate::customer::Customer;
use crate::customer::merge::{self, CONFLICTS_MAX, Merge, Moved};
use crate::event::Fact;
use crate::suggestion::Pair;
use crate::words::{Actor, SuggestionState};

/// Most tickets that move, each with an event: about half a second in which the tenant's contacts wait.
const TICKETS_MAX: u64 = 2_000;
/// Most orders, and most milestones, that move.
const RECORDS_MAX: u64 = 2_000;

/// Kinds of what moves with a merge, as stored.
pub(super) const TICKET: &str = "TICKET";
pub(super) const ORDER: &str = "ORDER";
pub(super) const MILESTONE: &str = "MILESTONE";

/// Who is to be merged into whom; each with the etag that it must have, empty for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequest {
    /// Who becomes a tombstone.
    pub source: (Uuid, String),
    /// Who stays.
    pub target: (Uuid, String),
}

/// What became of the two.
#[derive(Debug)]
pub struct Merged {
    /// The one that stays; of an undone merge the one it had been merged into.
    pub target: Customer,
    /// The tombstone; of an undone merge the one that is its own again.
    pub source: Customer,
    /// The merge.
    pub merge: Merge,
}

impl Store {
    /// Merges two customers.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `ERASED`, `MERGE_CIRCLE`, `CUSTOMER_MERGED`,
    /// `TOO_MANY_IDENTITIES`, `TOO_MANY_TICKETS`, `TOO_MANY_RECORDS`. Nothing half done.
    pub async fn merge_customers<R, A>(&self, call: &Call, wanted: &MergeRequest, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Merged, DateTime<Utc>) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        self.merge_locked(tx, call, wanted, respond).await
    }

    /// The rest of a merge, under the tenant's lock, up to the commit.
    pub(super) async fn merge_locked<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        wanted: &MergeRequest,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Merged, DateTime<Utc>) -> R,
    {
        let tenant = &call.tenant;
        let now = self.clock.now();
        let mut source = self.locked_customer(&tx, tenant, wanted.source.0).await?;
        let mut target = self.locked_customer(&tx, tenant, wanted.target.0).await?;
        merge::check(&source, &target)?;
        source.check_not_erased()?;
        target.check_not_erased()?;
        vorrang_service::check_etag(&wanted.source.1, source.revision)?;
        vorrang_service::check_etag(&wanted.target.1, target.revision)?;
        let absorbed = target.absorb(&mut source, now)?;

        let mut parts = Vec::new();
        let tickets = self.tickets_of(&tx, tenant, source.id).await?;
        parts.extend(tickets.iter().map(|id| (TICKET, *id)));
        let orders = move_orders(&tx, tenant, source.id, target.id).await?;
        parts.extend(orders.moved.iter().map(|id| (ORDER, *id)));
        let milestones = move_milestones(&tx, tenant, source.id, target.id).await?;
        parts.extend(milestones.moved.iter().map(|id| (MILESTONE, *id)));
        // Whoever erases the target erases what came from the source, too.
        give_keys(&tx, tenant, personal_key::Column::CustomerId.eq(source.id), target.id).await?;

        let mut conflicts = absorbed.conflicts;
        conflicts.extend(orders.kept.iter().map(|id| format!("orders.{id}")));
        conflicts.extend(milestones.kept.iter().map(|name| format!("milestones.{name}")));
        conflicts.truncate(CONFLICTS_MAX);
        let merge = Merge {
            id: self.ids.next(now),
            source: source.id,
            target: target.id,
            merged_at: now,
            merged_by: call.actor.clone(),
            conflicts,
            filled: absorbed.filled,
            periods_before: absorbed.periods_before,
            moved: Moved {
                identities: count(absorbed.identities),
                tickets: count(tickets.len()),
                orders: count(orders.moved.len()),
                milestones: count(milestones.moved.len()),
            },
            undone_at: None,
        };
        write_merge(&tx, tenant, &merge).await?;
        write_parts(&tx, tenant, merge.id, parts).await?;
        let pair = [Pair::of(source.id, target.id)];
        self.decide_suggestions(&tx, tenant, pair, SuggestionState::Merged, now)
            .await?;
        let mut followers = self.tombstones_of(&tx, tenant, source.id).await?;
        for tombstone in &mut followers {
            tombstone.point_to(target.id, now);
        }

        let mut moving = row::lock_tickets(&tx, &self.personal, tenant, tickets.clone()).await?;
        asked::follow(&tx, tenant, &tickets, target.id).await?;
        asked::share_turns(&tx, tenant, source.id, target.id).await?;
        let answer = respond(
            &Merged {
                target: target.clone(),
                source: source.clone(),
                merge: merge.clone(),
            },
            now,
        );
        let mut events = vec![
            self.event(
                call,
                Fact::CustomersMerged {
                    target: Box::new(target.clone()),
                    source: source.id,
                    merge: merge.id,
                    kept_orders: orders.kept,
                },
                now,
            ),
            self.event(call, Fact::CustomerUpdated(source.clone()), now),
        ];
        let told = followers.iter().cloned().map(Fact::CustomerUpdated);
        events.extend(told.map(|fact| self.event(call, fact, now)));
        for id in &tickets {
            let Some(ticket) = moving.get_mut(id) else { continue };
            let changes = ticket.belong_to(target.id, now);
            events.extend(self.events(call, ticket, changes, now));
        }
        let customers: Vec<&Customer> = [&target, &source].into_iter().chain(&followers).collect();
        let ids = customers.iter().map(|customer| customer.id).chain(tickets);
        let keyring = self
            .personal
            .keyring(tx.conn(), tenant, &ids.collect::<Vec<_>>())
            .await?;
        write::clear_identities(&tx, tenant, source.id).await?;
        write::customers(&tx, &self.personal, &keyring, tenant, customers).await?;
        write::tickets(&tx, &keyring, tenant, moving.values()).await?;
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    async fn tickets_of(&self, tx: &Tx, tenant: &str, customer: Uuid) -> Result<Vec<Uuid>, Error> {
        let tickets: Vec<Uuid> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::CustomerId.eq(customer))
            .order_by_asc(ticket::Column::Id)
            .limit(TICKETS_MAX + 1)
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        bounded("TOO_MANY_TICKETS", "tickets", tickets.len(), TICKETS_MAX)?;
        Ok(tickets)
    }

    /// The tombstones that point to this customer.
    async fn tombstones_of(&self, tx: &Tx, tenant: &str, customer: Uuid) -> Result<Vec<Customer>, Error> {
        let rows = customer::Entity::find()
            .filter(customer::Column::Tenant.eq(tenant))
            .filter(customer::Column::MergedInto.eq(customer))
            .order_by_asc(customer::Column::Id)
            .all(tx.conn())
            .await
            .map_err(error)?;
        row::with_identities(tx.conn(), &self.personal, tenant, rows).await
    }

    /// Merges with ids below `before`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer_merges(
        &self,
        tenant: &str,
        customer: Option<Uuid>,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Merge>, Error> {
        let with = |id: Uuid| {
            sea_orm::Condition::any()
                .add(customer_merge::Column::SourceId.eq(id))
                .add(customer_merge::Column::TargetId.eq(id))
        };
        let condition = sea_orm::Condition::all()
            .add(customer_merge::Column::Tenant.eq(tenant))
            .add_option(before.map(|id| customer_merge::Column::Id.lt(id)))
            .add_option(customer.map(with));
        customer_merge::Entity::find()
            .filter(condition)
            .order_by_desc(customer_merge::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?
            .into_iter()
            .map(read_merge)
            .collect()
    }
}

/// What moved of one kind, and the names of what stayed because the other one had its like.
struct Moving {
    moved: Vec<Uuid>,
    kept: Vec<String>,
}

async fn move_orders(tx: &Tx, tenant: &str, source: Uuid, target: Uuid) -> Result<Moving, Error> {
    let of = |customer: Uuid| {
        customer_order::Entity::find()
            .select_only()
            .column(customer_order::Column::Id)
            .column(customer_order::Column::OrderId)
            .filter(customer_order::Column::Tenant.eq(tenant))
            .filter(customer_order::Column::CustomerId.eq(customer))
            .order_by_asc(customer_order::Column::Id)
    };
    let theirs: Vec<(Uuid, String)> = of(source)
        .limit(RECORDS_MAX + 1)
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    bounded("TOO_MANY_RECORDS", "orders", theirs.len(), RECORDS_MAX)?;
    let mut had = HashSet::new();
    for chunk in theirs.chunks(row::IN_MAX) {
        let same: Vec<(Uuid, String)> = of(target)
            .filter(customer_order::Column::OrderId.is_in(chunk.iter().map(|(_, order)| order)))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        had.extend(same.into_iter().map(|(_, order)| order));
    }
    let (kept, moved): (Vec<_>, Vec<_>) = theirs.into_iter().partition(|(_, order)| had.contains(order));
    let moved: Vec<Uuid> = moved.into_iter().map(|(id, _)| id).collect();
    give_orders(tx, tenant, &moved, source, target).await?;
    let kept = kept.into_iter().map(|(_, order)| order).collect();
    Ok(Moving { moved, kept })
}

async fn move_milestones(tx: &Tx, tenant: &str, source: Uuid, target: Uuid) -> Result<Moving, Error> {
    let of = |customer: Uuid| {
        customer_milestone::Entity::find()
            .select_only()
            .column(customer_milestone::Column::Id)
            .column(customer_milestone::Column::At)
            .column(customer_milestone::Column::Name)
            .filter(customer_milestone::Column::Tenant.eq(tenant))
            .filter(customer_milestone::Column::CustomerId.eq(customer))
            .order_by_asc(customer_milestone::Column::Id)
    };
    let theirs: Vec<(Uuid, i64, String)> = of(source)
        .limit(RECORDS_MAX + 1)
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    bounded("TOO_MANY_RECORDS", "milestones", theirs.len(), RECORDS_MAX)?;
    let mut had = HashSet::new();
    for chunk in theirs.chunks(row::IN_MAX) {
        let same: Vec<(Uuid, i64, String)> = of(target)
            .filter(customer_milestone::Column::At.is_in(chunk.iter().map(|(_, at, _)| *at)))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        had.extend(same.into_iter().map(|(_, at, name)| (at, name)));
    }
    let (kept, moved): (Vec<_>, Vec<_>) = theirs
        .into_iter()
        .partition(|(_, at, name)| had.contains(&(*at, name.clone())));
    let moved: Vec<Uuid> = moved.into_iter().map(|(id, ..)| id).collect();
    give_milestones(tx, tenant, &moved, source, target).await?;
    let kept = kept.into_iter().map(|(_, _, name)| name).collect();
    Ok(Moving { moved, kept })
}

/// Gives orders of `from` to `to`.
pub(super) async fn give_orders(tx: &Tx, tenant: &str, ids: &[Uuid], from: Uuid, to: Uuid) -> Result<(), Error> {
    for ids in ids.chunks(row::IN_MAX) {
        customer_order::Entity::update_many()
            .col_expr(customer_order::Column::CustomerId, Expr::value(to))
            .filter(customer_order::Column::Tenant.eq(tenant))
            .filter(customer_order::Column::CustomerId.eq(from))
            .filter(customer_order::Column::Id.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    Ok(())
}

/// Gives milestones of `from` to `to`.
pub(super) async fn give_milestones(tx: &Tx, tenant: &str, ids: &[Uuid], from: Uuid, to: Uuid) -> Result<(), Error> {
    for ids in ids.chunks(row::IN_MAX) {
        customer_milestone::Entity::update_many()
            .col_expr(customer_milestone::Column::CustomerId, Expr::value(to))
            .filter(customer_milestone::Column::Tenant.eq(tenant))
            .filter(customer_milestone::Column::CustomerId.eq(from))
            .filter(customer_milestone::Column::Id.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    Ok(())
}

/// Says whose erasure destroys these keys of a tenant.
pub(super) async fn give_keys(
    tx: &Tx,
    tenant: &str,
    which: sea_orm::sea_query::SimpleExpr,
    to: Uuid,
) -> Result<(), Error> {
    personal_key::Entity::update_many()
        .col_expr(personal_key::Column::CustomerId, Expr::value(to))
        .filter(personal_key::Column::Tenant.eq(tenant))
        .filter(which)
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

fn bounded(reason: &'static str, what: &str, found: usize, most: u64) -> Result<(), Error> {
    if found as u64 > most {
        return Err(Error::precondition(
            reason,
            format!("the source has more than {most} {what}: merge the smaller customer into the larger one"),
        ));
    }
    Ok(())
}

fn count(many: usize) -> i32 {
    i32::try_from(many).unwrap_or(i32::MAX)
}

/// Inserts a merge, or notes that it was undone.
pub(super) async fn write_merge(tx: &Tx, tenant: &str, merge: &Merge) -> Result<(), Error> {
    let row = customer_merge::Model {
        tenant: tenant.to_owned(),
        id: merge.id,
        source_id: merge.source,
        target_id: merge.target,
        actor_kind: merge.merged_by.kind.as_str().to_owned(),
        actor_id: merge.merged_by.id.clone(),
        merged_at: micros(merge.merged_at),
        conflicts: row::json(&merge.conflicts),
        filled: row::json(&merge.filled),
        periods_before: row::json(&merge.periods_before),
        moved: row::json(&merge.moved),
        undone_at: merge.undone_at.map(micros),
    };
    let conflict =
        sea_orm::sea_query::OnConflict::columns([customer_merge::Column::Tenant, customer_merge::Column::Id])
            .update_column(customer_merge::Column::UndoneAt)
            .to_owned();
    write::insert::<customer_merge::Entity>(tx, vec![row], Some(conflict)).await
}

async fn write_parts(tx: &Tx, tenant: &str, merge: Uuid, parts: Vec<(&str, Uuid)>) -> Result<(), Error> {
    let rows = parts
        .into_iter()
        .map(|(kind, id)| customer_merge_part::Model {
            tenant: tenant.to_owned(),
            merge_id: merge,
            kind: kind.to_owned(),
            part_id: id,
        })
        .collect();
    write::insert::<customer_merge_part::Entity>(tx, rows, None).await
}

/// A row as a merge.
pub(super) fn read_merge(row: customer_merge::Model) -> Result<Merge, Error> {
    Ok(Merge {
        id: row.id,
        source: row.source_id,
        target: row.target_id,
        merged_at: from_micros(row.merged_at),
        merged_by: Actor {
            kind: row.actor_kind.parse()?,
            id: row.actor_id,
        },
        conflicts: row::read_json(&row.conflicts)?,
        filled: row::read_json(&row.filled)?,
        periods_before: row::read_json(&row.periods_before)?,
        moved: row::read_json(&row.moved)?,
        undone_at: row::time(row.undone_at),
    })
}
