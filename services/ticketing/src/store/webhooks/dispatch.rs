//! From the log to deliveries: each event becomes at most one delivery for each webhook, since the cursor moves in the
//! transaction that makes them, and only if nobody has moved it meanwhile.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use uuid::Uuid;
use vorrang_database::event_log::{self, StoredEvent};
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::super::entity::{webhook, webhook_cursor, webhook_delivery as delivery};
use super::super::{Store, write};
use super::{Key, row};
use crate::webhook::{Replay, State, Webhook};

/// Events looked at in one transaction.
const BATCH: u64 = 500;

/// A tenant whose log is ahead of its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Whose log.
    pub tenant: String,
    /// Deliveries are made up to this position.
    pub done: i64,
    /// The position of the last event.
    pub head: i64,
}

/// A delivery to be made.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// To which webhook.
    pub webhook: Uuid,
    /// Position of the event.
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// What the event is about.
    pub event_subject: String,
}

impl NewDelivery {
    /// Of this event to this webhook.
    pub fn new(webhook: Uuid, event: &StoredEvent) -> Self {
        Self {
            webhook,
            seq: event.seq,
            event_id: event.id,
            event_type: event.kind.clone(),
            event_subject: event.subject.clone(),
        }
    }

    fn row(self, tenant: &str, now: DateTime<Utc>) -> delivery::Model {
        delivery::Model {
            tenant: tenant.to_owned(),
            webhook_id: self.webhook,
            seq: self.seq,
            event_id: self.event_id,
            event_type: self.event_type,
            event_subject: self.event_subject,
            state: State::Pending.as_str().to_owned(),
            attempts: 0,
            next_attempt_at: Some(micros(now)),
            claim: None,
            leased_until: None,
            last_attempt_at: None,
            last_status: 0,
            last_error: String::new(),
            last_duration: 0,
            created_at: micros(now),
            completed_at: None,
            purge_at: None,
        }
    }
}

/// One step of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayStep {
    /// What the step was begun from: if somebody was faster, it counts for nothing.
    pub from: Replay,
    /// The position up to which the step goes.
    pub to: i64,
}

impl Store {
    /// Changes when this process commits events.
    pub fn doorbell(&self) -> tokio::sync::watch::Receiver<u64> {
        self.db.subscribe()
    }

    /// Tenants, any tenant, whose log is ahead of their deliveries.
    pub async fn webhook_backlogs(&self) -> Result<Vec<Backlog>, Error> {
        let statement = Statement::from_string(
            self.db.reader().get_database_backend(),
            "SELECT c.tenant, c.seq, h.seq FROM webhook_cursors c JOIN event_heads h ON h.tenant = c.tenant WHERE h.seq > c.seq",
        );
        let rows = self.db.reader().query_all_raw(statement).await.map_err(error)?;
        rows.iter()
            .map(|row| {
                Ok(Backlog {
                    tenant: row.try_get_by_index(0)?,
                    done: row.try_get_by_index(1)?,
                    head: row.try_get_by_index(2)?,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(error)
    }

    /// The tenant's next events after a position, as they are stored, and the position up to which they go: past what retention
    /// has removed when nothing else is there.
    pub async fn events_after(&self, tenant: &str, after: i64) -> Result<(Vec<StoredEvent>, i64), Error> {
        let events = event_log::read(&self.db, tenant, after, BATCH).await?;
        match events.last() {
            Some(last) => {
                let to = last.seq;
                Ok((events, to))
            }
            None => {
                let (_, floor) = event_log::ends(self.db.reader(), tenant).await?;
                Ok((events, floor.max(after)))
            }
        }
    }

    /// One event as it is stored; none: it is no longer kept.
    pub async fn event_at(&self, tenant: &str, seq: i64) -> Result<Option<StoredEvent>, Error> {
        Ok(event_log::read(&self.db, tenant, seq - 1, 1).await?.pop())
    }

    /// The position before the first event that was committed at `at` or later.
    pub async fn position_before(&self, tenant: &str, at: DateTime<Utc>) -> Result<i64, Error> {
        event_log::before(self.db.reader(), tenant, at).await
    }

    /// The tenant's webhooks that are sent to.
    pub async fn enabled_webhooks(&self, tenant: &str) -> Result<Vec<Webhook>, Error> {
        let rows = webhook::Entity::find()
            .filter(webhook::Column::Tenant.eq(tenant))
            .filter(webhook::Column::DeletedAt.is_null())
            .filter(webhook::Column::Disabled.eq(""))
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.iter().map(row::read).collect()
    }

    /// Makes deliveries and moves the cursor of their tenant with them. False: somebody else has moved it, and nothing was made.
    pub async fn create_deliveries(
        &self,
        tenant: &str,
        (from, to): (i64, i64),
        deliveries: Vec<NewDelivery>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        let moved = webhook_cursor::Entity::update_many()
            .col_expr(webhook_cursor::Column::Seq, Expr::value(to))
            .filter(webhook_cursor::Column::Tenant.eq(tenant))
            .filter(webhook_cursor::Column::Seq.eq(from))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        if moved.rows_affected != 1 {
            tx.rollback().await?;
            return Ok(false);
        }
        let mut ids: Vec<Uuid> = deliveries.iter().map(|one| one.webhook).collect();
        ids.sort_unstable();
        ids.dedup();
        // A row that is there already was made by a replay: it is on its way.
        let conflict = OnConflict::columns(KEY).do_nothing().to_owned();
        let rows = deliveries.into_iter().map(|one| one.row(tenant, now)).collect();
        write::insert::<delivery::Entity>(&tx, rows, Some(conflict)).await?;
        for id in ids {
            due_at(&tx, tenant, id, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Makes the deliveries of a step of a replay due again, or for the first time, and moves the replay on. False: somebody else
    /// has moved it, or ended it.
    pub async fn replay_events(
        &self,
        key: &Key,
        step: &ReplayStep,
        deliveries: Vec<NewDelivery>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        if !self.move_replay(&tx, key, step, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        // What is pending is on its way anyway.
        let conflict = OnConflict::columns(KEY)
            .update_columns([
                delivery::Column::State,
                delivery::Column::Attempts,
                delivery::Column::NextAttemptAt,
                delivery::Column::CompletedAt,
                delivery::Column::PurgeAt,
            ])
            .action_and_where(delivery::Column::State.ne(State::Pending.as_str()))
            .to_owned();
        let rows = deliveries.into_iter().map(|one| one.row(&key.tenant, now)).collect();
        write::insert::<delivery::Entity>(&tx, rows, Some(conflict)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// As [`Store::replay_events`] for what was given up: takes the next dead letters of the range. Gives false when the replay is
    /// no longer what it was.
    pub async fn replay_dead(&self, key: &Key, from: Replay, now: DateTime<Utc>) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        let dead: Vec<i64> = delivery::Entity::find()
            .select_only()
            .column(delivery::Column::Seq)
            .filter(delivery::Column::Tenant.eq(&key.tenant))
            .filter(delivery::Column::WebhookId.eq(key.webhook))
            .filter(delivery::Column::State.eq(State::Dead.as_str()))
            .filter(delivery::Column::Seq.gt(from.after))
            .filter(delivery::Column::Seq.lte(from.until))
            .order_by_asc(delivery::Column::Seq)
            .limit(BATCH)
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        let full = dead.len() as u64 == BATCH;
        let to = dead.last().copied().filter(|_| full).unwrap_or(from.until);
        if !self.move_replay(&tx, key, &ReplayStep { from, to }, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        if !dead.is_empty() {
            delivery::Entity::update_many()
                .col_expr(delivery::Column::State, Expr::value(State::Pending.as_str()))
                .col_expr(delivery::Column::Attempts, Expr::value(0))
                .col_expr(delivery::Column::NextAttemptAt, Expr::value(micros(now)))
                .col_expr(delivery::Column::CompletedAt, Expr::value(Option::<i64>::None))
                .col_expr(delivery::Column::PurgeAt, Expr::value(Option::<i64>::None))
                .filter(delivery::Column::Tenant.eq(&key.tenant))
                .filter(delivery::Column::WebhookId.eq(key.webhook))
                .filter(delivery::Column::State.eq(State::Dead.as_str()))
                .filter(delivery::Column::Seq.is_in(dead))
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Locks the webhook and moves its replay by a step. The tenant is in the key.
    async fn move_replay(&self, tx: &Tx, key: &Key, step: &ReplayStep, now: DateTime<Utc>) -> Result<bool, Error> {
        let (mut stored, webhook) = match self.lock_webhook(tx, &key.tenant, key.webhook).await {
            Ok(found) => found,
            // Removed meanwhile.
            Err(error) if error.kind() == vorrang_error::Kind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if webhook.replay != Some(step.from) {
            return Ok(false);
        }
        let done = step.to >= step.from.until;
        stored.replay_after = (!done).then_some(step.to);
        stored.replay_until = (!done).then_some(step.from.until);
        stored.replay_dead_only = !done && step.from.dead_only;
        stored.next_due_at = Some(micros(now));
        row::save(tx, stored).await?;
        Ok(true)
    }
}

/// The key of a delivery.
const KEY: [delivery::Column; 3] = [
    delivery::Column::Tenant,
    delivery::Column::WebhookId,
    delivery::Column::Seq,
];

/// Says that a delivery of the tenant's webhook is due at `now`, if none is earlier.
async fn due_at(tx: &Tx, tenant: &str, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let later = Condition::any()
        .add(webhook::Column::NextDueAt.is_null())
        .add(webhook::Column::NextDueAt.gt(micros(now)));
    webhook::Entity::update_many()
        .col_expr(webhook::Column::NextDueAt, Expr::value(micros(now)))
        .filter(webhook::Column::Tenant.eq(tenant))
        .filter(webhook::Column::Id.eq(id))
        .filter(later)
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// Locks the tenant's cursor; gives where it stands.
pub(super) async fn lock_cursor(tx: &Tx, tenant: &str) -> Result<i64, Error> {
    let row = webhook_cursor::Entity::find_by_id(tenant.to_owned())
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?;
    Ok(row.map_or(0, |row| row.seq))
}
