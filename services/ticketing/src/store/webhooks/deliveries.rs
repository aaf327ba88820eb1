//! Deliveries: listed, and sent again.

use prost::Message;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use vorrang_database::{error, event_log, micros};
use vorrang_error::Error;

use super::super::entity::webhook_delivery as delivery;
use super::super::personal::Keyring;
use super::super::{Begun, Call, Store};
use super::row;
use crate::names;
use crate::webhook::{Delivery, Replay, State, Webhook};

impl Store {
    /// Deliveries to a webhook with positions below `before`, newest first; of one state, or all.
    ///
    /// # Errors
    /// NotFound when the tenant has no such webhook.
    pub async fn deliveries(
        &self,
        tenant: &str,
        webhook: Uuid,
        state: Option<State>,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<Delivery>, Error> {
        self.webhook(tenant, webhook).await?;
        let condition = Condition::all()
            .add(delivery::Column::Tenant.eq(tenant))
            .add(delivery::Column::WebhookId.eq(webhook))
            .add_option(state.map(|state| delivery::Column::State.eq(state.as_str())))
            .add_option(before.map(|seq| delivery::Column::Seq.lt(seq)));
        let rows = delivery::Entity::find()
            .filter(condition)
            .order_by_desc(delivery::Column::Seq)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(row::read_delivery).collect()
    }

    /// What was given up, of one webhook or all of the tenant's, before this position and webhook, newest event first.
    ///
    /// # Errors
    /// NotFound when the tenant has no such webhook.
    pub async fn dead_letters(
        &self,
        tenant: &str,
        webhook: Option<Uuid>,
        before: Option<(i64, Uuid)>,
        limit: u64,
    ) -> Result<Vec<Delivery>, Error> {
        if let Some(id) = webhook {
            self.webhook(tenant, id).await?;
        }
        let older = before.map(|(seq, id)| {
            Condition::any().add(delivery::Column::Seq.lt(seq)).add(
                Condition::all()
                    .add(delivery::Column::Seq.eq(seq))
                    .add(delivery::Column::WebhookId.lt(id)),
            )
        });
        let condition = Condition::all()
            .add(delivery::Column::Tenant.eq(tenant))
            .add(delivery::Column::State.eq(State::Dead.as_str()))
            .add_option(webhook.map(|id| delivery::Column::WebhookId.eq(id)))
            .add_option(older);
        let rows = delivery::Entity::find()
            .filter(condition)
            .order_by_desc(delivery::Column::Seq)
            .order_by_desc(delivery::Column::WebhookId)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(row::read_delivery).collect()
    }

    /// Makes one delivery due again, with all its attempts anew. One that is pending anyway is due now.
    ///
    /// # Errors
    /// NotFound; Precondition `WEBHOOK_DISABLED` or `EVENT_GONE`.
    pub async fn replay_delivery<R, A>(&self, call: &Call, webhook: Uuid, seq: i64, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Delivery) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (mut stored, found) = self.lock_webhook(&tx, &call.tenant, webhook).await?;
        let name = names::delivery(webhook, seq);
        let row = delivery::Entity::find_by_id((call.tenant.clone(), webhook, seq))
            .one(tx.conn())
            .await
            .map_err(error)?
            .ok_or_else(|| Error::not_found(names::DELIVERY, name))?;
        check_enabled(&found)?;
        let (_, floor) = event_log::ends(tx.conn(), &call.tenant).await?;
        if seq <= floor {
            return Err(Error::precondition(
                "EVENT_GONE",
                "the feed no longer keeps this event, so it cannot be sent again",
            ));
        }
        let now = self.clock.now();
        let due = micros(now);
        // An attempt that is under way goes on; whatever it comes to is overtaken by this.
        let again = delivery::Model {
            state: State::Pending.as_str().to_owned(),
            attempts: 0,
            next_attempt_at: Some(due),
            claim: None,
            leased_until: None,
            completed_at: None,
            purge_at: None,
            ..row
        };
        again
            .clone()
            .into_active_model()
            .reset_all()
            .update(tx.conn())
            .await
            .map_err(error)?;
        stored.next_due_at = Some(due);
        row::save(&tx, stored).await?;
        let answer = respond(&row::read_delivery(again)?);
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, Vec::new(), now).await?;
        Ok(answer)
    }

    /// Lets a range of events be sent again, after position `after` and up to `until`, or what deliveries are made for already.
    ///
    /// # Errors
    /// NotFound; Precondition `WEBHOOK_DISABLED`.
    pub async fn replay_range<R, A>(
        &self,
        call: &Call,
        webhook: Uuid,
        (after, until): (i64, Option<i64>),
        dead_only: bool,
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
        // The cursor before the webhook, as whoever makes deliveries locks them.
        let made = super::dispatch::lock_cursor(&tx, &call.tenant).await?;
        let until = until.map_or(made, |until| until.min(made));
        let (mut stored, mut found) = self.lock_webhook(&tx, &call.tenant, webhook).await?;
        check_enabled(&found)?;
        let now = self.clock.now();
        if after < until {
            let wanted = Replay {
                after,
                until,
                dead_only,
            };
            found.replay = Some(found.replay.map_or(wanted, |running| running.join(wanted)));
            stored.next_due_at = Some(micros(now));
            row::save(&tx, row::updated(stored, &found)).await?;
        }
        let answer = respond(&found);
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, Vec::new(), now).await?;
        Ok(answer)
    }
}

fn check_enabled(webhook: &Webhook) -> Result<(), Error> {
    if webhook.disabled.is_some() {
        return Err(Error::precondition(
            "WEBHOOK_DISABLED",
            "the webhook is disabled: enable it, then send again what it missed",
        ));
    }
    Ok(())
}
