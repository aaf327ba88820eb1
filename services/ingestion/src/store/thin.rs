//! What sources only named: ids without a text, each until the whole of it is pushed.
//!
//! There is one row for each thing that a source with thin events spoke of, whichever came first, its name or the whole of it. So a
//! late or repeated event of something that is a ticket already is known, and nothing waits for what has come.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error as database_error, micros};
use vorrang_error::Error;

use super::entity::quarantine;
use super::entity::thin::{ActiveModel, Column, Entity, Model};
use super::{Owner, QuarantineState, Store, owners};
use crate::outcome::{Outcome, PushResult};

/// Values of one `IN`, below both engines' limits; ten values a row.
const ROWS: usize = 500;

/// What became of something that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// It waits for the whole of it, under this item.
    Waits(Uuid),
    /// The whole of it came before: a duplicate of this.
    Complete(PushResult),
}

/// Something that was pushed whole and may have been named before.
#[derive(Debug, Clone)]
pub struct Whole {
    /// `sources/{source}`.
    pub source: String,
    /// Id at the source.
    pub external_id: String,
    /// What became of it.
    pub result: PushResult,
}

impl Whole {
    /// Of a contact that was recorded; `None` when nothing can wait for it.
    pub fn of(contact: &crate::contact::Contact, result: &PushResult) -> Option<Self> {
        let recorded = match result.outcome {
            Outcome::Created | Outcome::Appended | Outcome::Duplicate => true,
            Outcome::Quarantined | Outcome::Accepted | Outcome::NeedsEnrichment => false,
        };
        (contact.whole && recorded && !contact.external_id.is_empty()).then(|| Self {
            source: contact.source.clone(),
            external_id: contact.external_id.clone(),
            result: result.clone(),
        })
    }
}

/// Notes that the source named these, in `item`, and gives what became of each, in their order.
pub(super) async fn name(
    tx: &Tx,
    tenant: &str,
    source: &str,
    item: Uuid,
    external_ids: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<Named>, Error> {
    // In one order: two transactions that insert the same rows in different orders would deadlock.
    let sorted: BTreeSet<&str> = external_ids.iter().map(String::as_str).collect();
    let rows = sorted.iter().map(|external_id| ActiveModel {
        tenant: Set(tenant.to_owned()),
        source: Set(source.to_owned()),
        external_id: Set((*external_id).to_owned()),
        item: Set(Some(item)),
        named_at: Set(micros(now)),
        completed_at: Set(None),
        ticket: Set(String::new()),
        ticket_number: Set(0),
        message: Set(String::new()),
        customer: Set(String::new()),
    });
    insert(tx, rows.collect()).await?;
    let found = read(tx, tenant, source, &sorted).await?;
    let missing = || Error::internal("something was named and is not there");
    let named = external_ids.iter().map(|external_id| {
        let row = found.get(external_id).ok_or_else(missing)?;
        Ok(match (row.completed_at, row.item) {
            (None, Some(item)) => Named::Waits(item),
            (None, None) => return Err(missing()),
            (Some(_), _) => Named::Complete(duplicate(row)),
        })
    });
    named.collect()
}

impl Store {
    /// Forgets what was complete before `before`, of all tenants. Gives how much.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_named(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let tx = self.database.begin().await?;
        let gone = Entity::delete_many()
            .filter(Column::CompletedAt.lt(micros(before)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }
}

/// Notes that these were pushed whole, and releases the items that waited for nothing else.
pub(super) async fn complete(tx: &Tx, tenant: &str, wholes: &[Whole], now: DateTime<Utc>) -> Result<(), Error> {
    let mut by_source: BTreeMap<&str, BTreeMap<&str, &PushResult>> = BTreeMap::new();
    for whole in wholes {
        let of_source = by_source.entry(&whole.source).or_default();
        of_source.entry(&whole.external_id).or_insert(&whole.result);
    }
    for (source, wholes) in by_source {
        let row = |(external_id, result): (&&str, &&PushResult)| ActiveModel {
            tenant: Set(tenant.to_owned()),
            source: Set(source.to_owned()),
            external_id: Set((*external_id).to_owned()),
            item: Set(None),
            named_at: Set(micros(now)),
            completed_at: Set(Some(micros(now))),
            ticket: Set(result.ticket.clone()),
            ticket_number: Set(result.ticket_number),
            message: Set(result.message.clone()),
            customer: Set(result.customer.clone()),
        };
        insert(tx, wholes.iter().map(row).collect()).await?;
        let found = read(tx, tenant, source, &wholes.keys().copied().collect()).await?;
        let mut items = BTreeMap::new();
        for (external_id, result) in &wholes {
            let Some(row) = found.get(*external_id).filter(|row| row.completed_at.is_none()) else {
                continue;
            };
            Entity::update_many()
                .col_expr(Column::CompletedAt, Expr::value(micros(now)))
                .col_expr(Column::Ticket, Expr::value(result.ticket.as_str()))
                .col_expr(Column::TicketNumber, Expr::value(result.ticket_number))
                .col_expr(Column::Message, Expr::value(result.message.as_str()))
                .col_expr(Column::Customer, Expr::value(result.customer.as_str()))
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Source.eq(source))
                .filter(Column::ExternalId.eq(*external_id))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
            if let Some(item) = row.item {
                items.insert(item, *result);
            }
        }
        for (item, result) in items {
            release(tx, tenant, item, result).await?;
        }
    }
    Ok(())
}

/// What an item names is whose the whole of it is. It is released when nothing of it is awaited any more; what waits in it for
/// another reason, or was discarded, stays as it is.
async fn release(tx: &Tx, tenant: &str, item: Uuid, result: &PushResult) -> Result<(), Error> {
    let came: Option<Vec<u8>> = quarantine::Entity::find()
        .select_only()
        .column(quarantine::Column::RawSha256)
        .filter(quarantine::Column::Tenant.eq(tenant))
        .filter(quarantine::Column::Id.eq(item))
        .into_tuple()
        .one(tx.conn())
        .await
        .map_err(database_error)?;
    if let Some(sha256) = came.and_then(|came| came.try_into().ok()) {
        let customer = result.customer.clone();
        owners::link(tx, tenant, &[Owner { sha256, customer }]).await?;
    }
    // Two that complete the last two things of an item at once would each still see the other's: the item's row lets one by one.
    quarantine::Entity::update_many()
        .col_expr(quarantine::Column::State, Expr::col(quarantine::Column::State))
        .filter(quarantine::Column::Tenant.eq(tenant))
        .filter(quarantine::Column::Id.eq(item))
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    let awaited = Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Item.eq(item))
        .filter(Column::CompletedAt.is_null())
        .count(tx.conn())
        .await
        .map_err(database_error)?;
    if awaited > 0 {
        return Ok(());
    }
    quarantine::Entity::update_many()
        .col_expr(
            quarantine::Column::State,
            Expr::value(QuarantineState::Released.as_str()),
        )
        .col_expr(quarantine::Column::Outcome, Expr::value(result.outcome.as_str()))
        .col_expr(quarantine::Column::Ticket, Expr::value(result.ticket.as_str()))
        .col_expr(quarantine::Column::TicketNumber, Expr::value(result.ticket_number))
        .col_expr(quarantine::Column::Message, Expr::value(result.message.as_str()))
        .col_expr(quarantine::Column::Customer, Expr::value(result.customer.as_str()))
        .filter(quarantine::Column::Tenant.eq(tenant))
        .filter(quarantine::Column::Id.eq(item))
        .filter(quarantine::Column::State.eq(QuarantineState::NeedsEnrichment.as_str()))
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(())
}

/// Forgets what is known of an erased customer's.
pub(super) async fn remove(tx: &Tx, tenant: &str, customer: &str) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Customer.eq(customer))
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(())
}

impl Store {
    /// Notes that a source named these in an item that is there, as a retry finds them.
    pub async fn name_again(
        &self,
        tenant: &str,
        source: &str,
        item: Uuid,
        external_ids: &[String],
        now: DateTime<Utc>,
    ) -> Result<Vec<Named>, Error> {
        if external_ids.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.database.begin().await?;
        let named = name(&tx, tenant, source, item, external_ids, now).await?;
        tx.commit().await?;
        Ok(named)
    }

    /// What these items name that is still to be pushed whole.
    pub(super) async fn awaited(&self, tenant: &str, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>, Error> {
        let mut awaited: HashMap<Uuid, Vec<String>> = HashMap::new();
        for items in items.chunks(ROWS) {
            let rows: Vec<(Uuid, String)> = Entity::find()
                .select_only()
                .columns([Column::Item, Column::ExternalId])
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Item.is_in(items.iter().copied()))
                .filter(Column::CompletedAt.is_null())
                .order_by_asc(Column::ExternalId)
                .into_tuple()
                .all(self.database.reader())
                .await
                .map_err(database_error)?;
            for (item, external_id) in rows {
                awaited.entry(item).or_default().push(external_id);
            }
        }
        Ok(awaited)
    }
}

async fn insert(tx: &Tx, rows: Vec<ActiveModel>) -> Result<(), Error> {
    for rows in rows.chunks(ROWS) {
        Entity::insert_many(rows.to_vec())
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::Source, Column::ExternalId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
    }
    Ok(())
}

async fn read(
    tx: &Tx,
    tenant: &str,
    source: &str,
    external_ids: &BTreeSet<&str>,
) -> Result<HashMap<String, Model>, Error> {
    let external_ids: Vec<&str> = external_ids.iter().copied().collect();
    let mut found = HashMap::new();
    for external_ids in external_ids.chunks(ROWS) {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Source.eq(source))
            .filter(Column::ExternalId.is_in(external_ids.iter().copied()))
            .all(tx.conn())
            .await
            .map_err(database_error)?;
        found.extend(rows.into_iter().map(|row| (row.external_id.clone(), row)));
    }
    Ok(found)
}

fn duplicate(row: &Model) -> PushResult {
    PushResult {
        ticket: row.ticket.clone(),
        ticket_number: row.ticket_number,
        message: row.message.clone(),
        customer: row.customer.clone(),
        ..PushResult::empty(Outcome::Duplicate)
    }
}
