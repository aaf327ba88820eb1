//! With which body a signature came that covers none.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use vorrang_database::{error as database_error, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::proof::{ActiveModel, Column, Entity};

/// Longer than such a signature may be good, a day, with a day for clocks.
const KEPT: TimeDelta = TimeDelta::days(2);

impl Store {
    /// Whether `body` (its SHA-256) is what first came with `proof`: the same push again is, another one under a signature that somebody
    /// has seen is not. Of two at once one is the first.
    pub async fn is_first_body(
        &self,
        tenant: &str,
        source: &str,
        proof: &[u8; 32],
        body: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let tx = self.database.begin().await?;
        Entity::delete_many()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Source.eq(source))
            .filter(Column::SeenAt.lt(micros(now - KEPT)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        let row = ActiveModel {
            tenant: Set(tenant.to_owned()),
            source: Set(source.to_owned()),
            proof: Set(proof.to_vec()),
            body: Set(body.to_vec()),
            seen_at: Set(micros(now)),
        };
        Entity::insert(row)
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::Source, Column::Proof])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        let first = Entity::find_by_id((tenant.to_owned(), source.to_owned(), proof.to_vec()))
            .one(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        Ok(first.is_some_and(|first| first.body == body))
    }
}
