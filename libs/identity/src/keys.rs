//! The API keys of all tenants: made, listed, revoked, looked up.

mod entity;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, sea_query::Expr};
use vorrang_clock::SharedClock;
use vorrang_database::{Database, error as database_error, from_micros, micros};
use vorrang_error::{Error, Violations};

use crate::secret::{self, FreshKey};
use crate::{Scope, Scopes, check_tenant};

/// `last_used_at` is written at most this often per key: it tells idle keys from used ones, not requests apart.
const LAST_USED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Longest label in characters.
const LABEL_MAX: usize = 100;

/// What a key is made of.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The tenant it belongs to for ever; see [`check_tenant`].
    pub tenant: String,
    /// For people: which machine holds it. At most 100 characters.
    pub label: String,
    /// At least one; never [`Scope::Internal`].
    pub scopes: Scopes,
    /// When it stops working; `None` means never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as it can be shown: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// 16 hexadecimal digits; the middle of `vk_<id>_<secret>`.
    pub id: String,
    /// Whose data it opens.
    pub tenant: String,
    /// For people.
    pub label: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; `None` when never.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    /// Whether it opens anything at `now`.
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

/// The key table. Clones share the database.
#[derive(Clone)]
pub struct Keys {
    database: Database,
    pepper: Arc<[u8]>,
    clock: SharedClock,
}

impl Keys {
    /// `pepper` is the key of the hashes: whoever steals only the database cannot check guesses. Changing it makes
    /// every key invalid.
    pub fn new(database: Database, pepper: &[u8], clock: SharedClock) -> Self {
        Self {
            database,
            pepper: pepper.into(),
            clock,
        }
    }

    /// Makes a key and gives its whole text, which is nowhere stored and cannot be shown again.
    ///
    /// Fails with every violation of [`NewKey`]'s rules at once.
    pub async fn create(&self, new: NewKey) -> Result<(Key, String), Error> {
        let now = self.clock.now();
        check(&new, now)?;
        let fresh = FreshKey::random();
        let key = Key {
            id: fresh.id.clone(),
            tenant: new.tenant,
            label: new.label,
            scopes: new.scopes,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let row = entity::ActiveModel {
            id: Set(key.id.clone()),
            tenant: Set(key.tenant.clone()),
            label: Set(key.label.clone()),
            scopes: Set(key.scopes.to_string()),
            secret_hash: Set(secret::sign(&self.pepper, &[&key.id, &fresh.secret]).to_vec()),
            created_at: Set(micros(now)),
            expires_at: Set(key.expires_at.map(micros)),
            revoked_at: Set(None),
            last_used_at: Set(None),
        };
        let tx = self.database.begin().await?;
        row.insert(tx.conn()).await.map_err(database_error)?;
        tx.commit().await?;
        Ok((key, fresh.text()))
    }

    /// The keys of `tenant` or (`None`) of all, oldest first, revoked and expired ones included.
    pub async fn list(&self, tenant: Option<&str>) -> Result<Vec<Key>, Error> {
        let mut query = entity::Entity::find()
            .order_by_asc(entity::Column::CreatedAt)
            .order_by_asc(entity::Column::Id);
        if let Some(tenant) = tenant {
            query = query.filter(entity::Column::Tenant.eq(tenant));
        }
        let rows = query.all(self.database.reader()).await.map_err(database_error)?;
        rows.into_iter().map(from_row).collect()
    }

    /// Revokes a key for ever; running processes refuse it within [`crate::CACHE`]. A key that is revoked already stays
    /// so and keeps its first time. Fails with NotFound when `tenant` has no such key.
    pub async fn revoke(&self, tenant: &str, id: &str) -> Result<Key, Error> {
        let tx = self.database.begin().await?;
        entity::Entity::update_many()
            .col_expr(entity::Column::RevokedAt, Expr::value(micros(self.clock.now())))
            .filter(entity::Column::Id.eq(id))
            .filter(entity::Column::Tenant.eq(tenant))
            .filter(entity::Column::RevokedAt.is_null())
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        let row = entity::Entity::find_by_id(id)
            .filter(entity::Column::Tenant.eq(tenant))
            .one(tx.conn())
            .await
            .map_err(database_error)?
            .ok_or_else(|| Error::not_found("vorrang.identity.Key", format!("keys/{id}")))?;
        tx.commit().await?;
        from_row(row)
    }

    /// The key whose whole text this is, dead or alive; `None` when there is none or the secret is wrong, which are not
    /// told apart.
    pub(crate) async fn find(&self, text: &str) -> Result<Option<Key>, Error> {
        let Some((id, given)) = secret::split_key(text) else {
            return Ok(None);
        };
        let row = entity::Entity::find_by_id(id)
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        match row {
            Some(row) if secret::signed(&self.pepper, &[id, given], &row.secret_hash) => from_row(row).map(Some),
            _ => Ok(None),
        }
    }

    #[cfg(test)]
    pub(crate) async fn close(&self) {
        self.database.clone().close().await.expect("closes");
    }

    /// Notes that a key was used. Best effort: the caller ignores failures.
    pub(crate) async fn touch(&self, key: &Key, now: DateTime<Utc>) -> Result<(), Error> {
        if key.last_used_at.is_some_and(|last| now - last < LAST_USED_EVERY) {
            return Ok(());
        }
        let tx = self.database.begin().await?;
        entity::Entity::update_many()
            .col_expr(entity::Column::LastUsedAt, Expr::value(micros(now)))
            .filter(entity::Column::Id.eq(&key.id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }
}

fn check(new: &NewKey, now: DateTime<Utc>) -> Result<(), Error> {
    let mut violations = Violations::new();
    if let Err(error) = check_tenant(&new.tenant) {
        for violation in error.violations() {
            violations.add(&violation.field, &violation.description);
        }
    }
    if new.label.chars().count() > LABEL_MAX || new.label.contains('\0') {
        violations.add("label", "must have at most 100 characters, U+0000 not among them");
    }
    if new.scopes == Scopes::NONE {
        violations.add(
            "scopes",
            "must name at least one scope: a key without any opens nothing",
        );
    }
    if new.scopes.contains(Scope::Internal) {
        violations.add("scopes", "`internal` is for our own services and never given to a key");
    }
    if new.expires_at.is_some_and(|expiry| expiry <= now) {
        violations.add("expires_at", "must lie in the future");
    }
    violations.into_result()
}

fn from_row(row: entity::Model) -> Result<Key, Error> {
    let scopes = row.scopes.parse().map_err(|error: Error| {
        // An older build reading a newer key: refuse rather than guess what it may do.
        Error::internal(format!("key {} has scopes this build does not know", row.id)).caused_by(error)
    })?;
    Ok(Key {
        id: row.id,
        tenant: row.tenant,
        label: row.label,
        scopes,
        created_at: from_micros(row.created_at),
        expires_at: row.expires_at.map(from_micros),
        revoked_at: row.revoked_at.map(from_micros),
        last_used_at: row.last_used_at.map(from_micros),
    })
}

#[cfg(test)]
mod tests;
