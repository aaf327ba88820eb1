//! Imports: read, listed, forgotten.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error as database_error, micros};
use vorrang_error::{Error, Kind};

use super::read;
use crate::import::{Import, ImportState, LineError};
use crate::names;
use crate::store::Store;
use crate::store::entity::import::{Column, Entity};
use crate::store::entity::{import_error, import_line};

/// Lines of one statement that removes them.
const REMOVED_AT_ONCE: u64 = 1_000;

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

    /// Forgets an import. Succeeds if it is already gone. Its lines go in steps, first: whatever happens between two, what is left is
    /// found again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_import(&self, tenant: &str, id: Uuid) -> Result<(), Error> {
        match self.import(tenant, id).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(()),
            found => drop(found?),
        }
        // Nobody applies what is being forgotten.
        let tx = self.database.begin().await?;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(ImportState::Refused.as_str()))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(ImportState::Running.as_str()))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        while self.remove_lines(id).await? > 0 {}
        let tx = self.database.begin().await?;
        import_error::Entity::delete_many()
            .filter(import_error::Column::ImportId.eq(id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        Entity::delete_many()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// Removes some lines of an import, of whichever tenant; gives how many.
    async fn remove_lines(&self, id: Uuid) -> Result<u64, Error> {
        use import_line::Column as Line;
        let first: Option<(i64, i32, i64)> = import_line::Entity::find()
            .select_only()
            .columns([Line::At, Line::Rank, Line::Number])
            .filter(Line::ImportId.eq(id))
            .order_by_asc(Line::At)
            .order_by_asc(Line::Rank)
            .order_by_asc(Line::Number)
            .offset(REMOVED_AT_ONCE - 1)
            .limit(1)
            .into_tuple()
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        let mut which = Condition::all().add(Line::ImportId.eq(id));
        if let Some((at, rank, number)) = first {
            let same_rank = Condition::all().add(Line::Rank.eq(rank)).add(Line::Number.lte(number));
            let same = Condition::any().add(Line::Rank.lt(rank)).add(same_rank);
            let same = Condition::all().add(Line::At.eq(at)).add(same);
            which = which.add(Condition::any().add(Line::At.lt(at)).add(same));
        }
        let tx = self.database.begin().await?;
        let gone = import_line::Entity::delete_many()
            .filter(which)
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }

    /// Forgets imports that ended, or whose upload was given up, before `before`, of all tenants; and some lines of refused ones.
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
        let refused: Option<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::State.eq(ImportState::Refused.as_str()))
            .filter(
                Column::Id.in_subquery(
                    Query::select()
                        .column(import_line::Column::ImportId)
                        .from(import_line::Entity)
                        .take(),
                ),
            )
            .into_tuple()
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        match refused {
            Some(id) => Ok(count + self.remove_lines(id).await?),
            None => Ok(count),
        }
    }
}
