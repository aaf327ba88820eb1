//! Between rows and the domain.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::super::entity::{webhook, webhook_delivery};
use super::super::personal::{Personal, Place};
use crate::webhook::{Attempt, Delivery, Disabled, Health, Replay, Secret, State, Webhook};

/// The webhook of a tenant, unless it was removed.
pub fn find(tenant: &str, id: Uuid) -> Select<webhook::Entity> {
    webhook::Entity::find_by_id((tenant.to_owned(), id)).filter(webhook::Column::DeletedAt.is_null())
}

/// What a secret of this webhook is bound to.
pub fn place(id: &Uuid) -> Place<'_> {
    Place("webhooks", id.as_bytes())
}

/// A webhook as it is stored.
pub fn read(row: &webhook::Model) -> Result<Webhook, Error> {
    let disabled = match row.disabled.as_str() {
        "" => None,
        word => {
            Some(Disabled::parse(word).ok_or_else(|| Error::internal("a webhook is disabled for an unknown reason"))?)
        }
    };
    let replay = match (row.replay_after, row.replay_until) {
        (Some(after), Some(until)) => Some(Replay {
            after,
            until,
            dead_only: row.replay_dead_only,
        }),
        _ => None,
    };
    Ok(Webhook {
        id: row.id,
        display_name: row.display_name.clone(),
        url: row.url.clone(),
        filter: row.filter.clone(),
        disabled,
        max_in_flight: row.max_in_flight,
        start_seq: row.start_seq,
        previous_secret_expires_at: row.previous_secret_expires_at.map(from_micros),
        health: Health {
            failures: row.failures,
            failing_since: row.failing_since.map(from_micros),
            paused_until: row.paused_until.map(from_micros),
        },
        replay,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
    })
}

/// A new webhook's row.
pub fn new_row(tenant: &str, webhook: &Webhook, secret: Vec<u8>) -> webhook::Model {
    let empty = webhook::Model {
        tenant: tenant.to_owned(),
        id: webhook.id,
        display_name: String::new(),
        url: String::new(),
        filter: String::new(),
        disabled: String::new(),
        max_in_flight: 0,
        secret,
        previous_secret: None,
        previous_secret_expires_at: None,
        start_seq: 0,
        failures: 0,
        failing_since: None,
        paused_until: None,
        replay_after: None,
        replay_until: None,
        replay_dead_only: false,
        next_due_at: None,
        created_at: micros(webhook.created_at),
        updated_at: 0,
        deleted_at: None,
        revision: 0,
    };
    updated(empty, webhook)
}

/// The row with everything that the domain decides as `webhook` has it; secrets and times of its deliveries stay.
pub fn updated(row: webhook::Model, webhook: &Webhook) -> webhook::Model {
    webhook::Model {
        display_name: webhook.display_name.clone(),
        url: webhook.url.clone(),
        filter: webhook.filter.clone(),
        disabled: webhook.disabled.map_or("", Disabled::as_str).to_owned(),
        max_in_flight: webhook.max_in_flight,
        previous_secret_expires_at: webhook.previous_secret_expires_at.map(micros),
        start_seq: webhook.start_seq,
        failures: webhook.health.failures,
        failing_since: webhook.health.failing_since.map(micros),
        paused_until: webhook.health.paused_until.map(micros),
        replay_after: webhook.replay.map(|replay| replay.after),
        replay_until: webhook.replay.map(|replay| replay.until),
        replay_dead_only: webhook.replay.is_some_and(|replay| replay.dead_only),
        updated_at: micros(webhook.updated_at),
        revision: webhook.revision,
        ..row
    }
}

/// Writes a row that the transaction has locked. It carries its tenant in its key.
pub async fn save(tx: &Tx, row: webhook::Model) -> Result<(), Error> {
    row.into_active_model()
        .reset_all()
        .update(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// The secrets that sign at `now`, the present one first.
pub fn secrets(personal: &Personal, row: &webhook::Model, now: DateTime<Utc>) -> Result<Vec<Secret>, Error> {
    let open = |sealed: &[u8]| {
        personal
            .open_secret(&row.tenant, place(&row.id), sealed)
            .map(Secret::from_bytes)
    };
    let mut secrets = vec![open(&row.secret)?];
    let in_grace = row.previous_secret_expires_at.is_some_and(|until| micros(now) < until);
    if let Some(sealed) = row.previous_secret.as_deref().filter(|_| in_grace) {
        secrets.push(open(sealed)?);
    }
    Ok(secrets)
}

/// A delivery as it is stored.
pub fn read_delivery(row: webhook_delivery::Model) -> Result<Delivery, Error> {
    let state = State::parse(&row.state).ok_or_else(|| Error::internal("a delivery is in an unknown state"))?;
    Ok(Delivery {
        webhook: row.webhook_id,
        seq: row.seq,
        event_id: row.event_id,
        event_type: row.event_type,
        event_subject: row.event_subject,
        state,
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at.map(from_micros),
        last: row.last_attempt_at.map(|at| Attempt {
            at: from_micros(at),
            status: row.last_status,
            duration: TimeDelta::microseconds(row.last_duration),
        }),
        last_error: row.last_error,
        created_at: from_micros(row.created_at),
        completed_at: row.completed_at.map(from_micros),
    })
}
