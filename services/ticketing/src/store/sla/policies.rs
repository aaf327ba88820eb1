//! Policies: made, changed, removed, put in order. Every version is kept.

use chrono::{DateTime, Utc};
use prost::Message;
use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;

use super::policy_set::{current, find, to_row};
use super::schedules;
use crate::event::{Fact, PolicyChange};
use crate::names;
use crate::sla::{Field, POLICIES_MAX, PolicyDraft, SlaPolicy, in_order, reorder};
use crate::store::entity::sla_policy;
use crate::store::personal::Keyring;
use crate::store::{Begun, Call, Store, row, write};

impl Store {
    /// Makes a policy.
    ///
    /// # Errors
    /// Precondition `TOO_MANY_POLICIES`; NotFound or Precondition `SCHEDULE_ARCHIVED` of the schedule.
    pub async fn create_sla_policy<R, A>(&self, call: &Call, draft: PolicyDraft, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&SlaPolicy) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        schedules::lock(&tx, &call.tenant, draft.schedule.as_deref()).await?;
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        if current(tx.conn(), &call.tenant).await?.len() >= POLICIES_MAX {
            return Err(Error::precondition(
                "TOO_MANY_POLICIES",
                format!("a tenant has at most {POLICIES_MAX} policies; remove one first"),
            ));
        }
        let policy = SlaPolicy::new(self.ids.next(now), draft, now);
        let answer = respond(&policy);
        self.finish_policies(tx, call, &answer, vec![(policy, PolicyChange::Created)], now)
            .await?;
        Ok(answer)
    }

    /// Changes the named fields of a policy; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Invalid when the fields do not fit together; as [`Self::create_sla_policy`] of a schedule.
    pub async fn update_sla_policy<R, A>(
        &self,
        call: &Call,
        (id, etag): (Uuid, &str),
        draft: PolicyDraft,
        fields: &[Field],
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&SlaPolicy) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let named = draft.schedule.as_deref().filter(|_| fields.contains(&Field::Schedule));
        schedules::lock(&tx, &call.tenant, named).await?;
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut policy = known(find(tx.conn(), &call.tenant, id).await?, id)?;
        vorrang_service::check_etag(etag, policy.revision)?;
        let changed = policy.update(draft, fields, now)?;
        let answer = respond(&policy);
        let changes = changed.then_some((policy, PolicyChange::Updated)).into_iter().collect();
        self.finish_policies(tx, call, &answer, changes, now).await?;
        Ok(answer)
    }

    /// Removes a policy; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn delete_sla_policy(&self, call: &Call, id: Uuid, etag: &str) -> Result<(), Error> {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let policy = known(find(tx.conn(), &call.tenant, id).await?, id)?;
        vorrang_service::check_etag(etag, policy.revision)?;
        self.finish_policies(tx, call, &(), vec![(policy, PolicyChange::Deleted)], now)
            .await
    }

    /// Gives all policies new positions, in the order of `ids`.
    ///
    /// # Errors
    /// Conflict `POLICIES_CHANGED` when `ids` are not all of them.
    pub async fn reorder_sla_policies<R, A>(&self, call: &Call, ids: &[Uuid], respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&[SlaPolicy]) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut policies = current(tx.conn(), &call.tenant).await?;
        let changed = reorder(&mut policies, ids, now)?;
        let answer = respond(&policies);
        let changes = policies
            .into_iter()
            .zip(changed)
            .filter_map(|(policy, changed)| changed.then_some((policy, PolicyChange::Updated)))
            .collect();
        self.finish_policies(tx, call, &answer, changes, now).await?;
        Ok(answer)
    }

    /// One policy.
    ///
    /// # Errors
    /// NotFound when the tenant has no such policy.
    pub async fn sla_policy(&self, tenant: &str, id: Uuid) -> Result<SlaPolicy, Error> {
        known(find(self.db.reader(), tenant, id).await?, id)
    }

    /// All policies in the order in which they are tried.
    pub async fn sla_policies(&self, tenant: &str) -> Result<Vec<SlaPolicy>, Error> {
        let mut policies = current(self.db.reader(), tenant).await?;
        in_order(&mut policies);
        Ok(policies)
    }

    /// Writes versions and events, and lets whoever opens tickets from now on see them.
    async fn finish_policies<R: Message>(
        &self,
        tx: Tx,
        call: &Call,
        answer: &R,
        changes: Vec<(SlaPolicy, PolicyChange)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let row = |(policy, change): &(SlaPolicy, PolicyChange)| match change {
            PolicyChange::Created | PolicyChange::Updated => to_row(&call.tenant, policy, false),
            PolicyChange::Deleted => {
                // The removal is a version of its own: tickets opened before it keep the policy also if they arrive later.
                let mut removal = policy.clone();
                removal.revision += 1;
                removal.updated_at = now;
                to_row(&call.tenant, &removal, true)
            }
        };
        write::insert::<sla_policy::Entity>(&tx, changes.iter().map(row).collect(), None).await?;
        if !changes.is_empty() {
            row::raise_sla_revision(&tx, &call.tenant).await?;
        }
        let event = |(policy, change)| self.event(call, Fact::SlaPolicy(Box::new(policy), change), now);
        let events = changes.into_iter().map(event).collect();
        // Nothing in it is personal.
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, answer, events, now).await
    }
}

fn known(policy: Option<SlaPolicy>, id: Uuid) -> Result<SlaPolicy, Error> {
    policy.ok_or_else(|| Error::not_found(names::SLA_POLICY, names::sla_policy(id)))
}
