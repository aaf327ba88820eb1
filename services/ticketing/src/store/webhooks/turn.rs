//! One turn of a webhook: what attempts came to is written, and as many deliveries are claimed as may be under way. A claim is a
//! lease: if its holder dies, the delivery is due again when the lease ends. So each event is sent at least once, and which
//! process sends it does not matter.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{self, Expr};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::super::entity::{webhook, webhook_delivery as delivery};
use super::super::personal::Keyring;
use super::super::{Store, write};
use super::{row, tidy};
use crate::automation::Cause;
use crate::event::{Event, Fact};
use crate::webhook::{ATTEMPTS_MAX, Next, Outcome, Secret, State, Webhook, WebhookChange, next};
use crate::words::{Actor, ActorKind};

/// After so long without a word an attempt counts as lost. Longer than any attempt takes.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Every attempt was lost with the process that made it.
const LOST: &str = "LOST";

/// When to look again for what could not be claimed.
const AGAIN: TimeDelta = TimeDelta::seconds(1);

/// Who disables endpoints, as the log names it.
const ACTOR: &str = "webhooks";

/// Whose turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The tenant.
    pub tenant: String,
    /// Its webhook.
    pub webhook: Uuid,
}

/// A delivery that the holder is to attempt now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names this attempt.
    pub id: Uuid,
    /// Position of the event.
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// Which attempt it is, from 1.
    pub attempt: i32,
}

/// What an attempt came to.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which.
    pub claim: Claim,
    /// The webhook's revision when it was sent.
    pub revision: i64,
    /// What it came to.
    pub outcome: Outcome,
    /// When it began.
    pub began: DateTime<Utc>,
    /// How long it took.
    pub duration: TimeDelta,
    /// 0 to 1, at random: decides the pause.
    pub dice: f64,
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Turn {
    /// The webhook as it is; none: it was removed.
    pub webhook: Option<Webhook>,
    /// What signs.
    pub secrets: Vec<Secret>,
    /// What is to be attempted.
    pub claims: Vec<Claim>,
    /// How many of those that were finished were given up.
    pub given_up: u64,
}

impl Store {
    /// Webhooks of any tenant of which something is due.
    pub async fn due_webhooks(&self, now: DateTime<Utc>) -> Result<Vec<Key>, Error> {
        let rows: Vec<(String, Uuid)> = webhook::Entity::find()
            .select_only()
            .column(webhook::Column::Tenant)
            .column(webhook::Column::Id)
            .filter(webhook::Column::NextDueAt.lte(micros(now)))
            .order_by_asc(webhook::Column::NextDueAt)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        Ok(rows
            .into_iter()
            .map(|(tenant, webhook)| Key { tenant, webhook })
            .collect())
    }

    /// Writes what was finished and claims at most `want` deliveries, the longest due first.
    pub async fn webhook_turn(
        &self,
        key: &Key,
        finished: &[Finished],
        want: usize,
        now: DateTime<Utc>,
    ) -> Result<Turn, Error> {
        let mut tx = self.db.begin().await?;
        let stored = webhook::Entity::find_by_id((key.tenant.clone(), key.webhook))
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(error)?;
        let Some(mut stored) = stored else {
            tx.rollback().await?;
            return Ok(Turn::default());
        };
        let mut webhook = row::read(&stored)?;
        let was_enabled = webhook.disabled.is_none();
        let revision = webhook.revision;
        let mut given_up = 0;
        for one in finished {
            given_up += u64::from(write_finished(&tx, key, one, now).await?);
            // What was sent before somebody changed the webhook, to where it led then, says nothing about it now.
            if one.revision != revision {
                continue;
            }
            if let Some(why) = webhook.health.note(one.outcome, now)
                && webhook.disabled.is_none()
            {
                webhook.disable(why, now);
            }
        }
        stored = row::updated(stored, &webhook);
        let gone = stored.deleted_at.is_some();
        let claims = if gone {
            Vec::new()
        } else {
            claim(&tx, key, &webhook, want, now).await?
        };
        stored.next_due_at = next_due_at(&tx, key, &webhook, gone, now).await?;
        let secrets = if claims.is_empty() {
            Vec::new()
        } else {
            row::secrets(&self.personal, &stored, now)?
        };
        row::save(&tx, stored).await?;
        if was_enabled && webhook.disabled.is_some() && !gone {
            tracing::warn!(tenant = key.tenant, webhook = %key.webhook, reason = ?webhook.disabled, "a webhook was disabled");
            let event = self.disabled(&webhook, now);
            write::append(&mut tx, &Keyring::nobody(&key.tenant), &key.tenant, vec![event], now).await?;
        }
        tx.commit().await?;
        Ok(Turn {
            webhook: (!gone).then_some(webhook),
            secrets,
            claims,
            given_up,
        })
    }

    fn disabled(&self, webhook: &Webhook, now: DateTime<Utc>) -> Event {
        Event {
            id: self.ids.next(now),
            occurred_at: now,
            actor: Actor {
                kind: ActorKind::Automation,
                id: ACTOR.to_owned(),
            },
            trace_parent: String::new(),
            cause: Cause::default(),
            fact: Fact::Webhook(Box::new(webhook.clone()), WebhookChange::Disabled),
        }
    }
}

/// Writes what an attempt came to, unless its claim was lost; gives whether the delivery was given up by it.
async fn write_finished(tx: &Tx, key: &Key, one: &Finished, now: DateTime<Utc>) -> Result<bool, Error> {
    let (state, again) = match next(one.claim.attempt, one.outcome, one.dice) {
        Next::Done => (State::Succeeded, None),
        Next::Again(pause) => (State::Pending, Some(micros(now + pause))),
        Next::GiveUp => (State::Dead, None),
    };
    let ended = again.is_none().then(|| micros(now));
    let written = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(state.as_str()))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(again))
        .col_expr(delivery::Column::Claim, Expr::value(Option::<Uuid>::None))
        .col_expr(delivery::Column::LeasedUntil, Expr::value(Option::<i64>::None))
        .col_expr(delivery::Column::LastAttemptAt, Expr::value(micros(one.began)))
        .col_expr(delivery::Column::LastStatus, Expr::value(one.outcome.status()))
        .col_expr(delivery::Column::LastError, Expr::value(one.outcome.error()))
        .col_expr(
            delivery::Column::LastDuration,
            Expr::value(one.duration.num_microseconds().unwrap_or(i64::MAX)),
        )
        .col_expr(delivery::Column::CompletedAt, Expr::value(ended))
        .col_expr(
            delivery::Column::PurgeAt,
            Expr::value(state.kept_until(now).map(micros)),
        )
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook))
        .filter(delivery::Column::Seq.eq(one.claim.seq))
        .filter(delivery::Column::Claim.eq(one.claim.id))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(written.rows_affected == 1 && state == State::Dead)
}

/// Claims what is due, as far as the webhook's bound over all processes goes.
async fn claim(tx: &Tx, key: &Key, webhook: &Webhook, want: usize, now: DateTime<Utc>) -> Result<Vec<Claim>, Error> {
    let bound = webhook.bound(now);
    if want == 0 || bound == 0 {
        return Ok(Vec::new());
    }
    let of_webhook = || {
        delivery::Entity::find()
            .filter(delivery::Column::Tenant.eq(&key.tenant))
            .filter(delivery::Column::WebhookId.eq(key.webhook))
    };
    let under_way = of_webhook()
        .filter(delivery::Column::LeasedUntil.gt(micros(now)))
        .count(tx.conn())
        .await
        .map_err(error)?;
    let free = u64::try_from(bound).unwrap_or(0).saturating_sub(under_way);
    let take = free.min(want as u64);
    if take == 0 {
        return Ok(Vec::new());
    }
    let due = of_webhook()
        .filter(delivery::Column::NextAttemptAt.lte(micros(now)))
        .order_by_asc(delivery::Column::NextAttemptAt)
        .order_by_asc(delivery::Column::Seq)
        .limit(take)
        .all(tx.conn())
        .await
        .map_err(error)?;
    // Whatever is lost again and again may be what kills us.
    let (lost, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|one| one.attempts >= ATTEMPTS_MAX);
    if !lost.is_empty() {
        tidy::make_dead(tx, key, lost.iter().map(|one| one.seq).collect(), LOST, now).await?;
    }
    if due.is_empty() {
        return Ok(Vec::new());
    }
    // One name for all that are claimed at once: an attempt is named by it and its position.
    let id = Uuid::new_v4();
    let lost_at = micros(now + LEASE);
    delivery::Entity::update_many()
        .col_expr(delivery::Column::Claim, Expr::value(id))
        .col_expr(delivery::Column::LeasedUntil, Expr::value(lost_at))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(lost_at))
        .col_expr(
            delivery::Column::Attempts,
            sea_query::ExprTrait::add(Expr::col(delivery::Column::Attempts), 1),
        )
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook))
        .filter(delivery::Column::Seq.is_in(due.iter().map(|one| one.seq)))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(due
        .into_iter()
        .map(|one| Claim {
            id,
            seq: one.seq,
            event_id: one.event_id,
            attempt: one.attempts + 1,
        })
        .collect())
}

/// When the webhook's next turn is due; none: never, as far as can be said now.
async fn next_due_at(
    tx: &Tx,
    key: &Key,
    webhook: &Webhook,
    gone: bool,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    let first: Option<Option<i64>> = delivery::Entity::find()
        .select_only()
        .column_as(delivery::Column::NextAttemptAt.min(), "first")
        .filter(delivery::Column::Tenant.eq(&key.tenant))
        .filter(delivery::Column::WebhookId.eq(key.webhook))
        .filter(delivery::Column::NextAttemptAt.is_not_null())
        .into_tuple()
        .one(tx.conn())
        .await
        .map_err(error)?;
    if gone || webhook.replay.is_some() {
        return Ok(Some(micros(now)));
    }
    // What is due and could not be claimed waits for those that hold the places, which go on by themselves.
    let soon = now + AGAIN;
    let first = first
        .flatten()
        .map(from_micros)
        .map(|at| if at <= now { soon } else { at });
    if webhook.disabled.is_some() {
        // What is pending ends now.
        return Ok(first.map(|_| micros(now)));
    }
    Ok(first.map(|at| micros(webhook.health.paused_until.map_or(at, |until| at.max(until)))))
}
