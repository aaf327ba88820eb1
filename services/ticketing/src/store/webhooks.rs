//! Webhooks: made, changed, removed, read. What is due to them is in the files below.
//!
//! Locks, in the order of `store.rs`: the tenant, its row of `webhook_cursors`, webhooks by id, their deliveries, the log's
//! counter.

mod deliveries;
mod dispatch;
mod row;
mod tidy;
mod turn;

use chrono::TimeDelta;
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, event_log, micros};
use vorrang_error::Error;

use super::entity::{webhook, webhook_cursor};
use super::personal::Keyring;
use super::{Begun, Call, Store, write};
use crate::event::Fact;
use crate::names;
use crate::webhook::{Field, Secret, Settings, WEBHOOKS_MAX, Webhook, WebhookChange};

pub use dispatch::{Backlog, NewDelivery, ReplayStep};
pub use turn::{Claim, Finished, Key};

impl Store {
    /// Makes a webhook. Events after the present head are for it.
    ///
    /// # Errors
    /// Precondition `TOO_MANY_WEBHOOKS`.
    pub async fn create_webhook<R, A>(&self, call: &Call, settings: Settings, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Webhook) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // So that two at once cannot both be the last one allowed.
        super::row::lock_tenant(&tx, &call.tenant).await?;
        let there = webhook::Entity::find()
            .filter(webhook::Column::Tenant.eq(&call.tenant))
            .filter(webhook::Column::DeletedAt.is_null())
            .count(tx.conn())
            .await
            .map_err(error)?;
        if there >= WEBHOOKS_MAX {
            return Err(Error::precondition(
                "TOO_MANY_WEBHOOKS",
                format!("a tenant has at most {WEBHOOKS_MAX} webhooks: remove those that are not used any more"),
            ));
        }
        let now = self.clock.now();
        let head = event_log::head(tx.conn(), &call.tenant).await?;
        begin_cursor(&tx, &call.tenant, head).await?;
        let made = Webhook::new(self.ids.next(now), settings, head, now);
        let secret = Secret::new(rand::random());
        let sealed = self
            .personal
            .seal_secret(&call.tenant, row::place(&made.id), secret.as_bytes());
        write::insert::<webhook::Entity>(&tx, vec![row::new_row(&call.tenant, &made, sealed)], None).await?;
        self.finish_webhook(tx, call, made, WebhookChange::Created, respond)
            .await
    }

    /// Changes the named fields of a webhook; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn update_webhook<R, A>(
        &self,
        call: &Call,
        id: Uuid,
        etag: &str,
        (settings, fields): (&Settings, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Webhook) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (stored, mut webhook) = self.lock_webhook(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, webhook.revision)?;
        let now = self.clock.now();
        let head = event_log::head(tx.conn(), &call.tenant).await?;
        let changed = webhook.update(settings, fields, head, now);
        if changed.is_empty() {
            let answer = respond(&webhook);
            let keyring = Keyring::nobody(&call.tenant);
            self.commit(tx, call, &keyring, &answer, Vec::new(), now).await?;
            return Ok(answer);
        }
        let mut next = row::updated(stored, &webhook);
        // Whatever is pending is looked at again: to be sent, or to end.
        next.next_due_at = Some(micros(now));
        row::save(&tx, next).await?;
        let names = changed.into_iter().map(Field::name).collect();
        self.finish_webhook(tx, call, webhook, WebhookChange::Updated(names), respond)
            .await
    }

    /// Removes a webhook: from now on nobody sees it, and its deliveries go in the background.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn delete_webhook<R, A>(&self, call: &Call, id: Uuid, etag: &str, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Webhook) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (mut stored, webhook) = self.lock_webhook(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, webhook.revision)?;
        let now = micros(self.clock.now());
        stored.deleted_at = Some(now);
        stored.next_due_at = Some(now);
        row::save(&tx, stored).await?;
        self.finish_webhook(tx, call, webhook, WebhookChange::Deleted, respond)
            .await
    }

    /// Makes a new secret; the one before signs, too, for `grace`.
    ///
    /// # Errors
    /// NotFound.
    pub async fn rotate_webhook_secret<R, A>(
        &self,
        call: &Call,
        id: Uuid,
        grace: TimeDelta,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Webhook) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (mut stored, mut webhook) = self.lock_webhook(&tx, &call.tenant, id).await?;
        let now = self.clock.now();
        let secret = Secret::new(rand::random());
        let sealed = self
            .personal
            .seal_secret(&call.tenant, row::place(&id), secret.as_bytes());
        let before = std::mem::replace(&mut stored.secret, sealed);
        let goes_on = grace > TimeDelta::zero();
        stored.previous_secret = goes_on.then_some(before);
        webhook.previous_secret_expires_at = goes_on.then_some(now + grace);
        webhook.touch(now);
        row::save(&tx, row::updated(stored, &webhook)).await?;
        self.finish_webhook(tx, call, webhook, WebhookChange::Updated(vec!["secret"]), respond)
            .await
    }

    /// Answer, event, commit.
    async fn finish_webhook<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        webhook: Webhook,
        change: WebhookChange,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Webhook) -> R,
    {
        let now = self.clock.now();
        let answer = respond(&webhook);
        let events = vec![self.event(call, Fact::Webhook(Box::new(webhook), change), now)];
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// One webhook.
    ///
    /// # Errors
    /// NotFound when the tenant has no such webhook.
    pub async fn webhook(&self, tenant: &str, id: Uuid) -> Result<Webhook, Error> {
        let stored = row::find(tenant, id).one(self.db.reader()).await.map_err(error)?;
        stored.as_ref().map(row::read).transpose()?.ok_or_else(|| not_found(id))
    }

    /// A webhook with the secrets that sign now, the present one first.
    ///
    /// # Errors
    /// NotFound; Internal when the installation's data key was changed.
    pub async fn webhook_secrets(&self, tenant: &str, id: Uuid) -> Result<(Webhook, Vec<Secret>), Error> {
        let stored = row::find(tenant, id).one(self.db.reader()).await.map_err(error)?;
        let stored = stored.ok_or_else(|| not_found(id))?;
        let secrets = row::secrets(&self.personal, &stored, self.clock.now())?;
        Ok((row::read(&stored)?, secrets))
    }

    /// The tenant's webhooks with ids below `before`, newest first.
    pub async fn webhooks(&self, tenant: &str, before: Option<Uuid>, limit: u64) -> Result<Vec<Webhook>, Error> {
        let mut query = webhook::Entity::find()
            .filter(webhook::Column::Tenant.eq(tenant))
            .filter(webhook::Column::DeletedAt.is_null());
        if let Some(id) = before {
            query = query.filter(webhook::Column::Id.lt(id));
        }
        let rows = query
            .order_by_desc(webhook::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.iter().map(row::read).collect()
    }

    async fn lock_webhook(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<(webhook::Model, Webhook), Error> {
        let stored = row::find(tenant, id)
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(error)?
            .ok_or_else(|| not_found(id))?;
        let webhook = row::read(&stored)?;
        Ok((stored, webhook))
    }
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(names::WEBHOOK, names::webhook(id))
}

/// The tenant's first webhook: deliveries are made from the present head on.
async fn begin_cursor(tx: &Tx, tenant: &str, head: i64) -> Result<(), Error> {
    let row = webhook_cursor::Model {
        tenant: tenant.to_owned(),
        seq: head,
    };
    let conflict = OnConflict::column(webhook_cursor::Column::Tenant)
        .do_nothing()
        .to_owned();
    webhook_cursor::Entity::insert(webhook_cursor::ActiveModel::from(row))
        .on_conflict(conflict)
        .exec_without_returning(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}
