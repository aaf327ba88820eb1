//! Reading one message.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;
use vorrang_database::error;
use vorrang_error::Error;

use super::entity::message;
use super::{Store, row};
use crate::message::Message;

impl Store {
    /// One message by its id, wherever it belongs now; none when the tenant has no such message.
    pub async fn message(&self, tenant: &str, id: Uuid) -> Result<Option<Message>, Error> {
        let row = message::Entity::find()
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::Id.eq(id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        let rows = row.into_iter().collect();
        Ok(row::messages(self.db.reader(), &self.personal, tenant, rows)
            .await?
            .pop())
    }
}
