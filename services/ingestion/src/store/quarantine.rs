//! What could not be understood.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::entity::quarantine::{ActiveModel, Column, Entity, Model};
use super::{Named, NewRaw, Store, raw, thin};
use crate::outcome::{Outcome, PushResult};

/// Reason and detail of what is known not to be a contact.
pub const NOT_A_CONTACT: (&str, &str) = ("NOT_A_CONTACT", "the preset says that this is no contact of a customer");

/// Reason and detail of what only names things.
pub const NEEDS_ENRICHMENT: (&str, &str) = (
    "NEEDS_ENRICHMENT",
    "the payload only names things, by external_ids; each becomes a ticket when the whole of it is pushed",
);

/// What was decided about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineState {
    /// Nobody has decided.
    Waiting,
    /// Read on a retry.
    Released,
    /// Not worth a ticket.
    Discarded,
    /// It only names things that are still to be pushed whole.
    NeedsEnrichment,
}

impl QuarantineState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            QuarantineState::Waiting => "WAITING",
            QuarantineState::Released => "RELEASED",
            QuarantineState::Discarded => "DISCARDED",
            QuarantineState::NeedsEnrichment => "NEEDS_ENRICHMENT",
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        [
            QuarantineState::Waiting,
            QuarantineState::Released,
            QuarantineState::Discarded,
            QuarantineState::NeedsEnrichment,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or_else(|| Error::internal(format!("a quarantine item is in the unknown state {word}")))
    }
}

/// Something that could not be understood, or is known not to be a contact.
#[derive(Debug, Clone)]
pub struct NewQuarantineItem {
    /// Its id.
    pub id: Uuid,
    /// Waiting, or Discarded for what is known not to be a contact, or NeedsEnrichment for what only names things.
    pub state: QuarantineState,
    /// Stable UPPER_SNAKE word.
    pub reason: &'static str,
    /// The same for people.
    pub detail: String,
    /// Queue of the ticket it may become; empty: the default one.
    pub queue: String,
    /// Positions of those of its contacts that were recorded.
    pub recorded: Vec<usize>,
}

/// An item in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineItem {
    /// Its id.
    pub id: Uuid,
    /// What was decided.
    pub state: QuarantineState,
    /// Where it came from.
    pub source: String,
    /// Why it could not be understood.
    pub reason: String,
    /// The same for people.
    pub detail: String,
    /// Media type it came with.
    pub content_type: String,
    /// Queue of the ticket it may become.
    pub queue: String,
    /// SHA-256 of what came.
    pub raw_sha256: Vec<u8>,
    /// Size of what came.
    pub size_bytes: i64,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What became of it after a retry.
    pub result: Option<PushResult>,
    /// Positions of those of its contacts that were recorded.
    pub recorded: Vec<usize>,
    /// External ids that are still to be pushed whole.
    pub awaits: Vec<String>,
}

/// What a retry gave.
#[derive(Debug, Clone, Copy)]
pub enum Retried<'a> {
    /// All of it was understood and recorded: it is released.
    Released(&'a PushResult),
    /// Some of it was not, and why: it stays as it is.
    NotYet(&'a str, &'a str),
    /// Nothing is left in it that would be a contact: it is discarded.
    NotAContact,
    /// Nothing is left in it but names of what is still to be pushed whole.
    NeedsEnrichment,
}

impl Store {
    /// Keeps what came whole, with the reason, and gives the item's id. The same bytes from the same source are one item:
    /// a sender that repeats gets the id of the first time.
    pub async fn quarantine(
        &self,
        tenant: &str,
        item: NewQuarantineItem,
        came: &NewRaw,
        now: DateTime<Utc>,
    ) -> Result<Uuid, Error> {
        let kept = self.quarantine_naming(tenant, item, &[], came, now).await?;
        Ok(kept.0)
    }

    /// As [`Store::quarantine`], of what names these things, and gives what became of each. An item that would only name what
    /// was named before is not kept a second time; what came is.
    pub async fn quarantine_naming(
        &self,
        tenant: &str,
        item: NewQuarantineItem,
        names: &[String],
        came: &NewRaw,
        now: DateTime<Utc>,
    ) -> Result<(Uuid, Vec<Named>), Error> {
        let (new, only_names) = (item.id, item.state == QuarantineState::NeedsEnrichment);
        let tx = self.database.begin().await?;
        raw::insert(&tx, tenant, std::slice::from_ref(came), now).await?;
        let row = ActiveModel {
            id: Set(item.id),
            tenant: Set(tenant.to_owned()),
            source: Set(came.source.clone()),
            state: Set(item.state.as_str().to_owned()),
            reason: Set(item.reason.to_owned()),
            detail: Set(item.detail),
            content_type: Set(came.content_type.clone()),
            queue: Set(item.queue),
            raw_sha256: Set(came.sha256.to_vec()),
            size_bytes: Set(i64::try_from(came.content.len()).unwrap_or(i64::MAX)),
            received_at: Set(micros(now)),
            outcome: Set(String::new()),
            ticket: Set(String::new()),
            ticket_number: Set(0),
            message: Set(String::new()),
            customer: Set(String::new()),
            receipt: Set(String::new()),
            recorded: Set(write_positions(&item.recorded)),
        };
        Entity::insert(row)
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::Source, Column::RawSha256])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        let id: Option<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Source.eq(came.source.as_str()))
            .filter(Column::RawSha256.eq(came.sha256.to_vec()))
            .into_tuple()
            .one(tx.conn())
            .await
            .map_err(database_error)?;
        let id = id.ok_or_else(|| Error::internal("an item was quarantined and is not there"))?;
        let named = match names.is_empty() {
            true => Vec::new(),
            false => thin::name(&tx, tenant, &came.source, id, names, now).await?,
        };
        if only_names && id == new && !named.contains(&Named::Waits(id)) {
            Entity::delete_many()
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Id.eq(id))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
        }
        tx.commit().await?;
        Ok((id, named))
    }

    /// One item. Fails with NotFound.
    pub async fn quarantine_item(&self, tenant: &str, id: Uuid) -> Result<QuarantineItem, Error> {
        let found = self.find_quarantine_item(tenant, id).await?;
        found.ok_or_else(|| not_found(id))
    }

    /// One item, if it is there.
    pub async fn find_quarantine_item(&self, tenant: &str, id: Uuid) -> Result<Option<QuarantineItem>, Error> {
        let row = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(self.items(tenant, row.into_iter().collect()).await?.pop())
    }

    /// With what each of them still waits for.
    async fn items(&self, tenant: &str, rows: Vec<Model>) -> Result<Vec<QuarantineItem>, Error> {
        let mut items = rows.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
        let may_wait =
            |one: &&QuarantineItem| matches!(one.state, QuarantineState::Waiting | QuarantineState::NeedsEnrichment);
        let ids: Vec<Uuid> = items.iter().filter(may_wait).map(|one| one.id).collect();
        let mut awaited = self.awaited(tenant, &ids).await?;
        for one in &mut items {
            one.awaits = awaited.remove(&one.id).unwrap_or_default();
        }
        Ok(items)
    }

    /// Items in `state`, newest first, after the row `after` (received at, id).
    pub async fn quarantine_items(
        &self,
        tenant: &str,
        state: QuarantineState,
        after: Option<(i64, Uuid)>,
        limit: u64,
    ) -> Result<Vec<QuarantineItem>, Error> {
        let mut query = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::State.eq(state.as_str()))
            .order_by_desc(Column::ReceivedAt)
            .order_by_desc(Column::Id)
            .limit(limit);
        if let Some((received_at, id)) = after {
            query = query.filter(
                Condition::any().add(Column::ReceivedAt.lt(received_at)).add(
                    Condition::all()
                        .add(Column::ReceivedAt.eq(received_at))
                        .add(Column::Id.lt(id)),
                ),
            );
        }
        let rows = query.all(self.database.reader()).await.map_err(database_error)?;
        self.items(tenant, rows).await
    }

    /// Marks an item as not worth a ticket. Doing so again changes nothing.
    ///
    /// # Errors
    /// NotFound; Precondition `ALREADY_RELEASED` when it has become a ticket.
    pub async fn discard(&self, tenant: &str, id: Uuid) -> Result<QuarantineItem, Error> {
        let tx = self.database.begin().await?;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(QuarantineState::Discarded.as_str()))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .filter(Column::State.is_in([
                QuarantineState::Waiting.as_str(),
                QuarantineState::NeedsEnrichment.as_str(),
            ]))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        let item = self.quarantine_item(tenant, id).await?;
        match item.state {
            QuarantineState::Discarded => Ok(item),
            QuarantineState::Waiting | QuarantineState::NeedsEnrichment | QuarantineState::Released => {
                Err(Error::precondition(
                    "ALREADY_RELEASED",
                    "the item has become a ticket; it cannot be discarded any more",
                ))
            }
        }
    }

    /// Notes what a retry gave, and which of the item's contacts are `recorded` now.
    pub async fn retried(&self, tenant: &str, id: Uuid, retried: Retried<'_>, recorded: &[usize]) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let update = match retried {
            Retried::Released(result) => Entity::update_many()
                .col_expr(Column::State, Expr::value(QuarantineState::Released.as_str()))
                .col_expr(Column::Outcome, Expr::value(result.outcome.as_str()))
                .col_expr(Column::Ticket, Expr::value(result.ticket.as_str()))
                .col_expr(Column::TicketNumber, Expr::value(result.ticket_number))
                .col_expr(Column::Message, Expr::value(result.message.as_str()))
                .col_expr(Column::Customer, Expr::value(result.customer.as_str()))
                .col_expr(Column::Receipt, Expr::value(result.receipt.as_str())),
            Retried::NotYet(reason, detail) => Entity::update_many()
                .col_expr(Column::Reason, Expr::value(reason))
                .col_expr(Column::Detail, Expr::value(detail)),
            Retried::NotAContact => Entity::update_many()
                .col_expr(Column::State, Expr::value(QuarantineState::Discarded.as_str()))
                .col_expr(Column::Reason, Expr::value(NOT_A_CONTACT.0))
                .col_expr(Column::Detail, Expr::value(NOT_A_CONTACT.1)),
            Retried::NeedsEnrichment => Entity::update_many()
                .col_expr(Column::State, Expr::value(QuarantineState::NeedsEnrichment.as_str()))
                .col_expr(Column::Reason, Expr::value(NEEDS_ENRICHMENT.0))
                .col_expr(Column::Detail, Expr::value(NEEDS_ENRICHMENT.1)),
        };
        update
            .col_expr(Column::Recorded, Expr::value(write_positions(recorded)))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(crate::names::QUARANTINE_ITEM, crate::names::quarantine_item(id))
}

fn item(row: Model) -> Result<QuarantineItem, Error> {
    let result = Outcome::parse(&row.outcome).map(|outcome| PushResult {
        outcome,
        ticket: row.ticket,
        ticket_number: row.ticket_number,
        message: row.message,
        customer: row.customer,
        quarantine_item: String::new(),
        receipt: row.receipt,
    });
    Ok(QuarantineItem {
        id: row.id,
        state: QuarantineState::parse(&row.state)?,
        source: row.source,
        reason: row.reason,
        detail: row.detail,
        content_type: row.content_type,
        queue: row.queue,
        raw_sha256: row.raw_sha256,
        size_bytes: row.size_bytes,
        received_at: from_micros(row.received_at),
        result,
        recorded: row.recorded.split(',').filter_map(|one| one.parse().ok()).collect(),
        awaits: Vec::new(),
    })
}

fn write_positions(positions: &[usize]) -> String {
    let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
    positions.join(",")
}
