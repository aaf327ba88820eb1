//! Reading: one, many, a page.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use vorrang_database::{error, event_log, micros};
use vorrang_error::Error;

use super::entity::{message, ticket};
use super::{Store, row};
use crate::customer::TIER_VIP;
use crate::message::Message;
use crate::names::{self, TicketRef};
use crate::ticket::Ticket;

/// Where a page of waiting tickets goes on, and the position of the log read before the first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedPosition {
    /// Head of the log before the first row was read.
    pub seq: i64,
    /// Sort key of the last row: VIP or not, waiting since, number.
    pub last: (i32, i64, i64),
}

impl QueuedPosition {
    /// After `ticket`, in a snapshot that began at `seq`.
    pub fn after(ticket: &Ticket, seq: i64) -> Self {
        let entered = ticket.queue_entered_at.map_or(i64::MAX, micros);
        Self {
            seq,
            last: (i32::from(ticket.tier != TIER_VIP), entered, ticket.number),
        }
    }
}

/// Waiting tickets, as of a position of the log.
#[derive(Debug)]
pub struct Queued {
    /// VIP first, then the longest waiting.
    pub tickets: Vec<Ticket>,
    /// Everything up to here is in the rows.
    pub seq: i64,
}

impl Store {
    /// One ticket.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket.
    pub async fn ticket(&self, tenant: &str, which: TicketRef) -> Result<Ticket, Error> {
        let row = row::find(tenant, which).one(self.db.reader()).await.map_err(error)?;
        row::tickets(self.db.reader(), &self.personal, tenant, row.into_iter().collect())
            .await?
            .pop()
            .ok_or_else(|| Error::not_found(names::TICKET, which.name()))
    }

    /// A page of waiting tickets. The head of the log is read before the first row: what changes meanwhile is behind it,
    /// so that whoever follows from there misses nothing and applies some of it twice.
    pub async fn queued(&self, tenant: &str, after: Option<QueuedPosition>, limit: u64) -> Result<Queued, Error> {
        let seq = match after {
            Some(position) => position.seq,
            None => event_log::head(self.db.reader(), tenant).await?,
        };
        let mut condition = Condition::all()
            .add(ticket::Column::Tenant.eq(tenant))
            .add(ticket::Column::QueueEnteredAt.is_not_null());
        if let Some(QueuedPosition {
            last: (rank, entered, number),
            ..
        }) = after
        {
            let same_rank = Condition::all().add(ticket::Column::QueueRank.eq(rank));
            condition = condition.add(
                Condition::any()
                    .add(ticket::Column::QueueRank.gt(rank))
                    .add(same_rank.clone().add(ticket::Column::QueueEnteredAt.gt(entered)))
                    .add(
                        same_rank
                            .add(ticket::Column::QueueEnteredAt.eq(entered))
                            .add(ticket::Column::Number.gt(number)),
                    ),
            );
        }
        let rows = ticket::Entity::find()
            .filter(condition)
            .order_by_asc(ticket::Column::QueueRank)
            .order_by_asc(ticket::Column::QueueEnteredAt)
            .order_by_asc(ticket::Column::Number)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let tickets = row::tickets(self.db.reader(), &self.personal, tenant, rows).await?;
        Ok(Queued { tickets, seq })
    }

    /// The position of a message in its ticket.
    ///
    /// # Errors
    /// NotFound when the ticket has no such message.
    pub async fn message_position(&self, tenant: &str, which: TicketRef, id: uuid::Uuid) -> Result<i32, Error> {
        let ticket = self.ticket(tenant, which).await?;
        let position: Option<i32> = message::Entity::find()
            .select_only()
            .column(message::Column::Position)
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::TicketId.eq(ticket.id))
            .filter(message::Column::Id.eq(id))
            .into_tuple()
            .one(self.db.reader())
            .await
            .map_err(error)?;
        position.ok_or_else(|| Error::not_found(names::MESSAGE, names::message(ticket.id, id)))
    }

    /// Messages of a ticket after position `after`, oldest first: at most `limit`, and at most `bytes` of text but always
    /// one. The flag says whether more follow.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket.
    pub async fn messages(
        &self,
        tenant: &str,
        which: TicketRef,
        after: i32,
        limit: u64,
        bytes: i64,
    ) -> Result<(Vec<Message>, bool), Error> {
        let ticket = self.ticket(tenant, which).await?;
        let of_ticket = || {
            message::Entity::find()
                .filter(message::Column::Tenant.eq(tenant))
                .filter(message::Column::TicketId.eq(ticket.id))
                .filter(message::Column::Position.gt(after))
                .order_by_asc(message::Column::Position)
        };
        // Sizes first: a page of large mails must not be read into memory only to be cut.
        let sizes: Vec<(i32, i32)> = of_ticket()
            .select_only()
            .column(message::Column::Position)
            .column(message::Column::SizeBytes)
            .limit(limit + 1)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut total = 0;
        let mut last = None;
        for (position, size) in sizes.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            total += i64::from(*size);
            if last.is_some() && total > bytes {
                break;
            }
            last = Some(*position);
        }
        let Some(last) = last else {
            return Ok((Vec::new(), false));
        };
        let rows = of_ticket()
            .filter(message::Column::Position.lte(last))
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut messages = row::messages(self.db.reader(), &self.personal, tenant, rows).await?;
        self.mark_uploaded(tenant, &mut messages).await?;
        Ok((messages, sizes.last().is_some_and(|(position, _)| *position > last)))
    }

    /// All tenants that have ever had an event, sorted.
    pub async fn tenants(&self) -> Result<Vec<String>, Error> {
        let heads: BTreeMap<String, i64> = event_log::heads(&self.db).await?.into_iter().collect();
        Ok(heads.into_keys().collect())
    }
}
