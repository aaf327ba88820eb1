//! Refresh tokens of mailboxes that a provider gave after the one that is configured, sealed.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use vorrang_database::{error as database_error, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::grant::{ActiveModel, Column, Entity};

/// What lets us in, in place of what is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose mailbox.
    pub tenant: String,
    /// Which.
    pub address: String,
    /// The hash of what was configured when it came: it stands for nothing else.
    pub of: Vec<u8>,
    /// The refresh token.
    pub sealed: Vec<u8>,
}

impl Store {
    /// The newest of a mailbox.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grant(&self, tenant: &str, address: &str) -> Result<Option<Grant>, Error> {
        let found = Entity::find_by_id((tenant.to_owned(), address.to_owned()))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(found.map(|row| Grant {
            tenant: row.tenant,
            address: row.address,
            of: row.of,
            sealed: row.sealed,
        }))
    }

    /// Keeps the newest of a mailbox.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_grant(&self, grant: &Grant, now: DateTime<Utc>) -> Result<(), Error> {
        let row = ActiveModel {
            tenant: Set(grant.tenant.clone()),
            address: Set(grant.address.clone()),
            of: Set(grant.of.clone()),
            sealed: Set(grant.sealed.clone()),
            updated_at: Set(micros(now)),
        };
        let mut conflict = OnConflict::columns([Column::Tenant, Column::Address]);
        conflict.update_columns([Column::Of, Column::Sealed, Column::UpdatedAt]);
        let tx = self.database.begin().await?;
        Entity::insert(row)
            .on_conflict(conflict)
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }
}
