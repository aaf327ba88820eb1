//! Everything about one customer, a page at a time.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::error;
use vorrang_database::event_log::{self, StoredEvent};
use vorrang_error::Error;

use super::entity::{answer, attachment, review, ticket};
use super::{Store, answers, holds, reviews, row};
use crate::customer::Customer;
use crate::file::StoredFile;
use crate::privacy::LegalHold;
use crate::review::Review;
use crate::survey::Answer;
use crate::ticket::Ticket;

impl Store {
    /// The customer's tickets with numbers above `after`, oldest first.
    pub async fn tickets_after(
        &self,
        tenant: &str,
        customer: Uuid,
        after: i64,
        limit: u64,
    ) -> Result<Vec<Ticket>, Error> {
        let rows = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::CustomerId.eq(customer))
            .filter(ticket::Column::Number.gt(after))
            .order_by_asc(ticket::Column::Number)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        row::tickets(self.db.reader(), &self.personal, tenant, rows).await
    }

    /// All answers to surveys about these tickets, oldest first.
    pub async fn answers_about(&self, tenant: &str, tickets: &[Uuid]) -> Result<Vec<Answer>, Error> {
        let rows = answer::Entity::find()
            .filter(answer::Column::Tenant.eq(tenant))
            .filter(answer::Column::TicketId.is_in(tickets.iter().copied()))
            .order_by_asc(answer::Column::Id)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        answers::read(self.db.reader(), &self.personal, tenant, rows).await
    }

    /// Answers of a customer that are about no ticket, with ids above `after`, oldest first.
    pub async fn answers_by(
        &self,
        tenant: &str,
        customer: Uuid,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Answer>, Error> {
        let condition = Condition::all()
            .add(answer::Column::Tenant.eq(tenant))
            .add(answer::Column::CustomerId.eq(customer))
            .add(answer::Column::TicketId.is_null())
            .add_option(after.map(|id| answer::Column::Id.gt(id)));
        let rows = answer::Entity::find()
            .filter(condition)
            .order_by_asc(answer::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        answers::read(self.db.reader(), &self.personal, tenant, rows).await
    }

    /// All reviews of work on these tickets, oldest first.
    pub async fn reviews_of(&self, tenant: &str, tickets: &[Uuid]) -> Result<Vec<Review>, Error> {
        let rows = review::Entity::find()
            .filter(review::Column::Tenant.eq(tenant))
            .filter(review::Column::TicketId.is_in(tickets.iter().copied()))
            .order_by_asc(review::Column::Id)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        reviews::read(self.db.reader(), &self.personal, tenant, rows).await
    }

    /// The customer and everybody who was merged into it.
    pub async fn family(&self, tenant: &str, customer: Uuid) -> Result<Vec<Customer>, Error> {
        let ids = row::family(self.db.reader(), tenant, customer).await?;
        let mut customers = row::customers(self.db.reader(), &self.personal, tenant, &ids).await?;
        Ok(ids.iter().filter_map(|id| customers.remove(id)).collect())
    }

    /// The uploaded files of these customers.
    pub async fn files_of(&self, tenant: &str, customers: &[Uuid]) -> Result<Vec<StoredFile>, Error> {
        let rows = attachment::Entity::find()
            .filter(attachment::Column::Tenant.eq(tenant))
            .filter(attachment::Column::CustomerId.is_in(customers.iter().copied()))
            .order_by_asc(attachment::Column::CreatedAt)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut files = Vec::with_capacity(rows.len());
        for row in rows {
            files.push(self.open_file(tenant, row).await?);
        }
        Ok(files)
    }

    /// The legal hold on the customer, if one stands.
    pub async fn hold(&self, tenant: &str, customer: Uuid) -> Result<Option<LegalHold>, Error> {
        holds::of(self.db.reader(), tenant, customer).await
    }

    /// Events about these resources after position `after`, opened.
    pub async fn events_about(
        &self,
        tenant: &str,
        subjects: &[String],
        after: i64,
        limit: u64,
    ) -> Result<Vec<StoredEvent>, Error> {
        let mut events = event_log::read_about(&self.db, tenant, subjects, after, limit).await?;
        self.open_events(tenant, &mut events).await?;
        Ok(events)
    }
}
