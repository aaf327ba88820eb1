//! What ends in the background, in steps that nobody waits for: deliveries to disabled and removed webhooks, and what has been
//! kept for long enough.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::super::Store;
use super::super::entity::{webhook, webhook_delivery as delivery};
use super::Key;
use crate::webhook::State;

/// Rows of one transaction.
const BATCH: u64 = 1_000;

impl Store {
    /// Ends pending deliveries of a webhook that is disabled, and removes those of one that was removed, and then itself: one
    /// step. False: there is nothing more to do.
    pub async fn end_deliveries(&self, key: &Key, now: DateTime<Utc>) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        let stored = webhook::Entity::find_by_id((key.tenant.clone(), key.webhook))
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(error)?;
        let more = match stored {
            Some(row) if row.deleted_at.is_some() => remove(&tx, key).await?,
            Some(row) if !row.disabled.is_empty() => give_up(&tx, key, now).await?,
            _ => false,
        };
        tx.commit().await?;
        Ok(more)
    }

    /// Removes deliveries of any tenant that have been kept for long enough: one step. False: there are no more.
    pub async fn purge_deliveries(&self, now: DateTime<Utc>) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        let statement = Statement::from_sql_and_values(
            tx.conn().get_database_backend(),
            "DELETE FROM webhook_deliveries WHERE (tenant, webhook_id, seq) IN (SELECT tenant, webhook_id, seq \
             FROM webhook_deliveries WHERE purge_at < $1 ORDER BY purge_at LIMIT $2)",
            [micros(now).into(), i64::try_from(BATCH).unwrap_or(i64::MAX).into()],
        );
        let removed = tx.conn().execute_raw(statement).await.map_err(error)?;
        tx.commit().await?;
        Ok(removed.rows_affected() == BATCH)
    }
}

async fn remove(tx: &Tx, key: &Key) -> Result<bool, Error> {
    let seqs = some_of(tx, key, None).await?;
    if seqs.is_empty() {
        webhook::Entity::delete_by_id((key.tenant.clone(), key.webhook))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        return Ok(false);
    }
    delivery::Entity::delete_many()
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook))
        .filter(delivery::Column::Seq.is_in(seqs))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(true)
}

async fn give_up(tx: &Tx, key: &Key, now: DateTime<Utc>) -> Result<bool, Error> {
    let seqs = some_of(tx, key, Some(State::Pending)).await?;
    if seqs.is_empty() {
        webhook::Entity::update_many()
            .col_expr(webhook::Column::NextDueAt, Expr::value(Option::<i64>::None))
            .filter(webhook::Column::Tenant.eq(&key.tenant))
            .filter(webhook::Column::Id.eq(key.webhook))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        return Ok(false);
    }
    make_dead(tx, key, seqs, "WEBHOOK_DISABLED", now).await?;
    Ok(true)
}

/// Makes dead letters of deliveries, for a reason in a word. The tenant is in the key.
pub(super) async fn make_dead(tx: &Tx, key: &Key, seqs: Vec<i64>, why: &str, now: DateTime<Utc>) -> Result<(), Error> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(State::Dead.as_str()))
        .col_expr(delivery::Column::LastError, Expr::value(why))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(Option::<i64>::None))
        .col_expr(delivery::Column::Claim, Expr::value(Option::<uuid::Uuid>::None))
        .col_expr(delivery::Column::LeasedUntil, Expr::value(Option::<i64>::None))
        .col_expr(delivery::Column::CompletedAt, Expr::value(micros(now)))
        .col_expr(
            delivery::Column::PurgeAt,
            Expr::value(State::Dead.kept_until(now).map(micros)),
        )
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook))
        .filter(delivery::Column::Seq.is_in(seqs))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// Positions of some of the webhook's deliveries, of one state or any. The tenant is in the key.
async fn some_of(tx: &Tx, key: &Key, state: Option<State>) -> Result<Vec<i64>, Error> {
    let mut query = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Seq)
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook));
    if let Some(state) = state {
        query = query.filter(delivery::Column::State.eq(state.as_str()));
    }
    query
        .order_by_asc(delivery::Column::Seq)
        .limit(BATCH)
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)
}
