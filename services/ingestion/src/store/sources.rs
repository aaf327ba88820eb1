//! Systems that push over HTTP.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::source::{Column, Entity, Model};

/// A system that pushes over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id, unique over all tenants, not guessable.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// A name for people.
    pub display_name: String,
    /// How to read and verify it.
    pub preset: String,
    /// What the sender signs with, sealed.
    pub sealed_secret: Vec<u8>,
    /// Queue of new tickets; empty: the default one.
    pub queue: String,
    /// Whether pushes are refused.
    pub disabled: bool,
    /// Rises with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a change is made under.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose it is.
    pub tenant: String,
    /// Empty: not repeatable.
    pub request_id: String,
    /// Over the request.
    pub request_hash: [u8; 32],
    /// Now.
    pub now: DateTime<Utc>,
}

/// New values of a source; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct SourceChange {
    /// A name for people.
    pub display_name: Option<String>,
    /// Queue of new tickets.
    pub queue: Option<String>,
    /// Whether pushes are refused.
    pub disabled: Option<bool>,
    /// What the sender signs with, sealed.
    pub sealed_secret: Option<Vec<u8>>,
    /// The etag the caller knows; empty: any.
    pub etag: String,
}

impl Store {
    /// Writes a new source; a repeat gives the one of the first time.
    pub async fn create_source(&self, call: &Call, source: Source) -> Result<Source, Error> {
        let mut tx = self.database.begin().await?;
        match idempotency::begin(&mut tx, &call.tenant, &call.request_id, call.request_hash, call.now).await? {
            Begin::New => {}
            // The answer that is kept is the id: the source may have changed since, and its secret is kept in one place.
            Begin::Same(id) => return self.source(&call.tenant, &String::from_utf8_lossy(&id)).await,
        }
        to_row(&source)
            .into_active_model()
            .insert(tx.conn())
            .await
            .map_err(database_error)?;
        idempotency::finish(&mut tx, &call.tenant, &call.request_id, source.id.as_bytes()).await?;
        tx.commit().await?;
        Ok(source)
    }

    /// Changes a source; a repeat gives it as it is now.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn update_source(&self, call: &Call, id: &str, change: SourceChange) -> Result<Source, Error> {
        let mut tx = self.database.begin().await?;
        match idempotency::begin(&mut tx, &call.tenant, &call.request_id, call.request_hash, call.now).await? {
            Begin::New => {}
            Begin::Same(_) => return self.source(&call.tenant, id).await,
        }
        let row = Entity::find()
            .filter(Column::Tenant.eq(call.tenant.as_str()))
            .filter(Column::Id.eq(id))
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))?;
        let mut source = from_row(row);
        vorrang_service::check_etag(&change.etag, source.revision)?;
        source.display_name = change.display_name.unwrap_or(source.display_name);
        source.queue = change.queue.unwrap_or(source.queue);
        source.disabled = change.disabled.unwrap_or(source.disabled);
        source.sealed_secret = change.sealed_secret.unwrap_or(source.sealed_secret);
        source.revision += 1;
        to_row(&source)
            .into_active_model()
            .reset_all()
            .update(tx.conn())
            .await
            .map_err(database_error)?;
        idempotency::finish(&mut tx, &call.tenant, &call.request_id, source.id.as_bytes()).await?;
        tx.commit().await?;
        Ok(source)
    }

    /// One source. Fails with NotFound.
    pub async fn source(&self, tenant: &str, id: &str) -> Result<Source, Error> {
        Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .one(self.database.reader())
            .await
            .map_err(database_error)?
            .map(from_row)
            .ok_or_else(|| not_found(id))
    }

    /// The source that a webhook's address names, of whatever tenant: the id is the only thing the sender brings, and the
    /// signature proves that it may.
    pub async fn source_of_any_tenant(&self, id: &str) -> Result<Option<Source>, Error> {
        let row = Entity::find_by_id(id.to_owned())
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(row.map(from_row))
    }

    /// Sources, newest first, after the row `after` (created at, id).
    pub async fn sources(&self, tenant: &str, after: Option<(i64, String)>, limit: u64) -> Result<Vec<Source>, Error> {
        let mut query = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit);
        if let Some((created_at, id)) = after {
            query = query.filter(
                Condition::any().add(Column::CreatedAt.lt(created_at)).add(
                    Condition::all()
                        .add(Column::CreatedAt.eq(created_at))
                        .add(Column::Id.lt(id)),
                ),
            );
        }
        let rows = query.all(self.database.reader()).await.map_err(database_error)?;
        Ok(rows.into_iter().map(from_row).collect())
    }
}

fn not_found(id: &str) -> Error {
    Error::not_found(crate::names::SOURCE, crate::names::source(id))
}

fn to_row(source: &Source) -> Model {
    Model {
        id: source.id.clone(),
        tenant: source.tenant.clone(),
        display_name: source.display_name.clone(),
        preset: source.preset.clone(),
        secret: source.sealed_secret.clone(),
        queue: source.queue.clone(),
        disabled: source.disabled,
        revision: source.revision,
        created_at: micros(source.created_at),
    }
}

fn from_row(row: Model) -> Source {
    Source {
        id: row.id,
        tenant: row.tenant,
        display_name: row.display_name,
        preset: row.preset,
        sealed_secret: row.secret,
        queue: row.queue,
        disabled: row.disabled,
        revision: row.revision,
        created_at: from_micros(row.created_at),
    }
}
