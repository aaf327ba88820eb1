//! Imports: read, listed, forgotten.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error as database_error, micros};
use vorrang_error::Error;

use super::read;
use crate::import::{Import, ImportState, LineError};
use crate::names;
use crate::store::Store;
use crate::store::entity::import::{Column, Entity};
use crate::store::entity::{import_error, import_line};

/// Lines of one statement that removes them.
const REMOVED_AT_ONCE: u64 = 5_000;

impl Store {
    /// One import.
    ///
    /// # Errors
    /// NotFound when the tenant has no such import.
    pub async fn import(&self, tenant: &str, id: Uuid) -> Result<Import, Error> {
        let row = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        read(row.ok_or_else(|| Error::not_found(names::IMPORT, names::import(id)))?)
    }

    /// Imports before `after`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn imports(&self, tenant: &str, after: Option<(i64, Uuid)>, limit: u64) -> Result<Vec<Import>, Error> {
        let before = |(at, id): (i64, Uuid)| {
            let same = Condition::all().add(Column::CreatedAt.eq(at)).add(Column::Id.lt(id));
            Condition::any().add(Column::CreatedAt.lt(at)).add(same)
        };
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Condition::all().add_option(after.map(before)))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter().map(read).collect()
    }

    /// What is wrong with the lines of an import, behind `after`.
    ///
    /// # Errors
    /// NotFound when the tenant has no such import.
    pub async fn import_errors(
        &self,
        tenant: &str,
        id: Uuid,
        after: Option<(i64, i32)>,
        limit: u64,
    ) -> Result<Vec<LineError>, Error> {
        use import_error::Column as Wrong;
        self.import(tenant, id).await?;
        let behind = |(line, position): (i64, i32)| {
            let same = Condition::all()
                .add(Wrong::Line.eq(line))
                .add(Wrong::Position.gt(position));
            Condition::any().add(Wrong::Line.gt(line)).add(same)
        };
        let rows = import_error::Entity::find()
            .filter(Wrong::ImportId.eq(id))
            .filter(Condition::all().add_option(after.map(behind)))
            .order_by_asc(Wrong::Line)
            .order_by_asc(Wrong::Position)
            .limit(limit)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows
            .into_iter()
            .map(|row| LineError {
                line: u64::try_from(row.line).unwrap_or_default(),
                position: row.position,
                reason: row.reason,
                field: row.field,
                text: row.text,
            })
            .collect())
    }

    /// Forgets an import. Succeeds if it is already gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_import(&self, tenant: &str, id: Uuid) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let gone = Entity::delete_many()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        if gone.rows_affected == 1 {
            import_line::Entity::delete_many()
                .filter(import_line::Column::ImportId.eq(id))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
            import_error::Entity::delete_many()
                .filter(import_error::Column::ImportId.eq(id))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
        }
        tx.commit().await
    }

    /// Forgets imports that ended, or whose upload was given up, before `before`, of all tenants; and lines of refused ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_imports(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let receiving = Condition::all()
            .add(Column::State.eq(ImportState::Receiving.as_str()))
            .add(Column::CreatedAt.lt(micros(before)));
        let old: Vec<(String, Uuid)> = Entity::find()
            .select_only()
            .column(Column::Tenant)
            .column(Column::Id)
            .filter(Condition::any().add(Column::EndedAt.lt(micros(before))).add(receiving))
            .limit(100)
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        let count = old.len() as u64;
        for (tenant, id) in old {
            self.delete_import(&tenant, id).await?;
        }
        let refused = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::State.eq(ImportState::Refused.as_str()))
            .take();
        let left: Vec<i64> = import_line::Entity::find()
            .select_only()
            .column(import_line::Column::Number)
            .filter(import_line::Column::ImportId.in_subquery(refused.clone()))
            .limit(REMOVED_AT_ONCE)
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        if let Some(most) = left.iter().max() {
            let tx = self.database.begin().await?;
            import_line::Entity::delete_many()
                .filter(import_line::Column::ImportId.in_subquery(refused))
                .filter(import_line::Column::Number.lte(*most))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
            tx.commit().await?;
        }
        Ok(count + left.len() as u64)
    }
}
