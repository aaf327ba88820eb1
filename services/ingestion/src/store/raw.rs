//! What came, as it came: content-addressed, written before any answer.
//!
//! A table and not a folder: it commits together with the inbox and the quarantine, many at once, and every process of an
//! installation sees the same one.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use sha2::{Digest, Sha256};
use vorrang_database::{Tx, error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::entity::raw::{ActiveModel, Column, Entity};
use super::{Owner, Store, Whole, owners, thin};

/// Bytes in one statement; a few large mails must not become one giant one.
const STATEMENT_BYTES: usize = 4 << 20;
/// Rows in one statement: seven values each, below both engines' limits.
const STATEMENT_ROWS: usize = 500;

/// Something that came.
#[derive(Debug, Clone)]
pub struct NewRaw {
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// `grpc`, `email` or `sources/{source}`.
    pub source: String,
    /// Id at the source, to find it again; may be empty.
    pub external_id: String,
    /// Media type it came with.
    pub content_type: String,
    /// The bytes.
    pub content: bytes::Bytes,
}

impl NewRaw {
    /// With the hash of `content`.
    pub fn new(source: &str, external_id: &str, content_type: &str, content: bytes::Bytes) -> Self {
        Self {
            sha256: Sha256::digest(&content).into(),
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            content_type: content_type.to_owned(),
            content,
        }
    }
}

/// Something that came, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Media type it came with.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// When it came first.
    pub received_at: DateTime<Utc>,
}

impl Store {
    /// Makes all of `items` durable, notes whose they are, and completes what was only named before, in one transaction. What is
    /// there already stays as it is.
    pub async fn keep_raw(
        &self,
        tenant: &str,
        items: &[NewRaw],
        owners: &[Owner],
        wholes: &[Whole],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let tx = self.database.begin().await?;
        insert(&tx, tenant, items, now).await?;
        thin::complete(&tx, tenant, wholes, now).await?;
        owners::link(&tx, tenant, owners).await?;
        tx.commit().await
    }

    /// What came with this hash.
    pub async fn raw(&self, tenant: &str, sha256: &[u8]) -> Result<Option<Raw>, Error> {
        let row = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Sha256.eq(sha256))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(row.map(|row| Raw {
            content_type: row.content_type,
            content: row.content,
            received_at: from_micros(row.received_at),
        }))
    }
}

pub(super) async fn insert(tx: &Tx, tenant: &str, items: &[NewRaw], now: DateTime<Utc>) -> Result<(), Error> {
    // In the order of their hashes: two transactions that insert the same rows in different orders would deadlock.
    let mut items: Vec<&NewRaw> = items.iter().collect();
    items.sort_by_key(|item| item.sha256);
    items.dedup_by_key(|item| item.sha256);
    let mut from = 0;
    while from < items.len() {
        let mut to = from;
        let mut bytes = 0;
        while to < items.len() && to - from < STATEMENT_ROWS && (to == from || bytes < STATEMENT_BYTES) {
            bytes += items[to].content.len();
            to += 1;
        }
        let rows = items[from..to].iter().map(|item| ActiveModel {
            tenant: Set(tenant.to_owned()),
            sha256: Set(item.sha256.to_vec()),
            source: Set(item.source.clone()),
            external_id: Set(item.external_id.clone()),
            content_type: Set(item.content_type.clone()),
            content: Set(item.content.to_vec()),
            received_at: Set(micros(now)),
        });
        Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::Sha256])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        from = to;
    }
    Ok(())
}
