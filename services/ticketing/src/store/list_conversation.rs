//! Whole conversations: a ticket with everything merged into it.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{error, micros};
use vorrang_error::Error;

use super::entity::message;
use super::{Store, ids, kin, row};
use crate::message::Message;
use crate::names::TicketRef;

/// Where a page of a conversation goes on: after the message written then, with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPosition(i64, Uuid);

impl ConversationPosition {
    /// After `message`.
    pub fn after(message: &Message) -> Self {
        Self(micros(message.occurred_at), message.id)
    }
}

impl Store {
    /// The tickets that are part of one by a merge, directly or through others.
    pub(super) async fn parts(&self, tenant: &str, which: TicketRef) -> Result<Vec<Uuid>, Error> {
        let id = ids::resolve(self.db.reader(), tenant, &[which]).await?[0];
        let parts = kin::parts(self.db.reader(), tenant, &[id]).await?;
        Ok(parts.into_iter().map(|part| part.id).collect())
    }

    /// Messages of a ticket and everything merged into it, by the time at which they were written: at most `limit`, and at most `bytes` of
    /// text but always one. The flag says whether more follow.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket.
    pub async fn conversation(
        &self,
        tenant: &str,
        which: TicketRef,
        after: Option<ConversationPosition>,
        limit: u64,
        bytes: i64,
    ) -> Result<(Vec<Message>, bool), Error> {
        let id = ids::resolve(self.db.reader(), tenant, &[which]).await?[0];
        let mut tickets = self.parts(tenant, TicketRef::Id(id)).await?;
        tickets.push(id);
        let of_all = Condition::all()
            .add(message::Column::Tenant.eq(tenant))
            .add(message::Column::TicketId.is_in(tickets));
        let later = after.map(|ConversationPosition(at, id)| {
            let same = Condition::all()
                .add(message::Column::OccurredAt.eq(at))
                .add(message::Column::Id.gt(id));
            Condition::any().add(message::Column::OccurredAt.gt(at)).add(same)
        });
        // Sizes first: a page of large mails must not be read into memory only to be cut.
        let sizes: Vec<(Uuid, i32)> = message::Entity::find()
            .select_only()
            .column(message::Column::Id)
            .column(message::Column::SizeBytes)
            .filter(of_all.clone().add_option(later))
            .order_by_asc(message::Column::OccurredAt)
            .order_by_asc(message::Column::Id)
            .limit(limit + 1)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut total = 0;
        let mut fitting: Vec<Uuid> = Vec::new();
        for (id, size) in sizes.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            total += i64::from(*size);
            if !fitting.is_empty() && total > bytes {
                break;
            }
            fitting.push(*id);
        }
        let more = fitting.len() < sizes.len();
        let rows = message::Entity::find()
            .filter(of_all.add(message::Column::Id.is_in(fitting)))
            .order_by_asc(message::Column::OccurredAt)
            .order_by_asc(message::Column::Id)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut messages = row::messages(self.db.reader(), &self.personal, tenant, rows).await?;
        self.mark_uploaded(tenant, &mut messages).await?;
        Ok((messages, more))
    }
}
