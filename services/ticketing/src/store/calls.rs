//! Phone calls that another system distributes.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::ticket;
use crate::words::Handling;

impl Store {
    /// Of any tenant the tickets of calls that are not over and of which nothing was heard since `before`, the longest silent first. Found by an
    /// index that holds none but those of calls that are on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn silent_calls(&self, before: DateTime<Utc>, most: u64) -> Result<Vec<(String, Uuid)>, Error> {
        ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Tenant)
            .column(ticket::Column::Id)
            .filter(ticket::Column::Handling.eq(Handling::External.as_str()))
            .filter(ticket::Column::UpdatedAt.lte(micros(before)))
            .order_by_asc(ticket::Column::UpdatedAt)
            .limit(most)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)
    }
}
