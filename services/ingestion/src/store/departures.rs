//! Who waits in a chat: since when they will have left unless somebody says that they are still there. So a customer whose line was cut, or whose
//! process died, leaves the queue although nobody can say so any more. It is noted by their conversation before anything of it is told to ticketing:
//! whatever became of that, whoever looks later finds the ticket by it.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict,
};
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::departure::{ActiveModel, Column, Entity, Model};

/// A customer who has left, or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Whose ticket.
    pub tenant: String,
    /// Under which ticketing finds their ticket: the key of the conversation; `tickets/{uuid}` in what an older build noted.
    pub conversation: String,
    /// Since when the customer is not there.
    pub left_at: DateTime<Utc>,
    /// From when on that counts as leaving.
    pub due_at: DateTime<Utc>,
    /// Whether nothing is wanted any more.
    pub close: bool,
    /// Whether the customer said so; else nobody has heard of them.
    pub by_word: bool,
}

impl Store {
    /// Notes a departure; a later word about the conversation replaces an earlier one, but no word of the customer's own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_departure(&self, departure: &Departure) -> Result<(), Error> {
        let row = ActiveModel {
            tenant: Set(departure.tenant.clone()),
            ticket: Set(departure.conversation.clone()),
            left_at: Set(micros(departure.left_at)),
            due_at: Set(micros(departure.due_at)),
            retry_at: Set(0),
            close: Set(departure.close),
            by_word: Set(departure.by_word),
        };
        let mut conflict = OnConflict::columns([Column::Tenant, Column::Ticket]);
        conflict.update_columns([
            Column::LeftAt,
            Column::DueAt,
            Column::RetryAt,
            Column::Close,
            Column::ByWord,
        ]);
        if !departure.by_word {
            // Their own word holds until it was carried out.
            conflict.action_and_where(Expr::col((Entity, Column::ByWord)).eq(false));
        }
        let tx = self.database.begin().await?;
        Entity::insert(row)
            .on_conflict(conflict)
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// The customer of this conversation waits no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_departure(&self, tenant: &str, conversation: &str) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        Entity::delete_many()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Ticket.eq(conversation))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// A departure was carried out; one that was noted since stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn departed(&self, departure: &Departure) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        Entity::delete_many()
            .filter(Column::Tenant.eq(departure.tenant.as_str()))
            .filter(Column::Ticket.eq(departure.conversation.as_str()))
            .filter(Column::DueAt.eq(micros(departure.due_at)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// A departure could not be carried out: it is tried again at `retry_at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_off_departure(&self, departure: &Departure, retry_at: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        Entity::update_many()
            .col_expr(Column::RetryAt, Expr::value(micros(retry_at)))
            .filter(Column::Tenant.eq(departure.tenant.as_str()))
            .filter(Column::Ticket.eq(departure.conversation.as_str()))
            .filter(Column::DueAt.eq(micros(departure.due_at)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// Of all tenants those who have left by `now`, the first first; `unheard`: also those of whom nobody has heard.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_departures(&self, now: DateTime<Utc>, unheard: bool, most: u64) -> Result<Vec<Departure>, Error> {
        let mut due = Entity::find()
            .filter(Column::DueAt.lte(micros(now)))
            .filter(Column::RetryAt.lte(micros(now)));
        if !unheard {
            due = due.filter(Column::ByWord.eq(true));
        }
        let rows = due
            .order_by_asc(Column::DueAt)
            .limit(most)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows.into_iter().map(departure).collect())
    }
}

fn departure(row: Model) -> Departure {
    Departure {
        tenant: row.tenant,
        conversation: row.ticket,
        left_at: from_micros(row.left_at),
        due_at: from_micros(row.due_at),
        close: row.close,
        by_word: row.by_word,
    }
}
