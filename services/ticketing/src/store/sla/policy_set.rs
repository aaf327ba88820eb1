//! Reading policies with all their versions, since a ticket gets what was known when it was opened.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;
use vorrang_sla::Policy;

use super::schedules;
use crate::sla::{Condition, PolicySet, SlaPolicy};
use crate::store::Store;
use crate::store::entity::sla_policy::{Column, Entity, Model};

/// Tenants whose policies are kept in memory.
const KEPT_MAX: usize = 2_000;

/// What was last read of each tenant's policies, with the revision at which it was true.
#[derive(Clone, Default)]
pub struct PolicyCache(Arc<Mutex<Kept>>);

/// By tenant.
type Kept = HashMap<String, (i64, Arc<PolicySet>)>;

/// A version of a policy: when it was written, and the policy, or none when it was removed then.
pub type Version = (Uuid, DateTime<Utc>, Option<SlaPolicy>);

/// What of a version is kept as JSON.
#[derive(Serialize, Deserialize)]
struct Body {
    display_name: String,
    rules: Policy,
    condition: String,
}

impl Store {
    /// All policies and schedules that ever were, as of `revision` of the tenant's row, which is locked. Read once for each.
    pub(in crate::store) async fn policies_at<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        revision: i64,
    ) -> Result<Arc<PolicySet>, Error> {
        if revision == 0 {
            // It never had any.
            return Ok(Arc::default());
        }
        if let Some(kept) = self.kept_policies(tenant, revision) {
            return Ok(kept);
        }
        let policies = Arc::new(self.all_policies(conn, tenant).await?);
        let mut kept = self.policies.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(tenant.to_owned(), (revision, Arc::clone(&policies)));
        Ok(policies)
    }

    fn kept_policies(&self, tenant: &str, revision: i64) -> Option<Arc<PolicySet>> {
        let kept = self.policies.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, policies) = kept.get(tenant)?;
        (*at == revision).then(|| Arc::clone(policies))
    }

    /// All policies and schedules that ever were.
    pub(in crate::store) async fn all_policies<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
    ) -> Result<PolicySet, Error> {
        let versions = versions(conn, tenant).await?;
        let named = versions
            .iter()
            .filter_map(|(_, _, policy)| policy.as_ref()?.rules.schedule.clone())
            .collect();
        let schedules = schedules::named(conn, tenant, &named).await?;
        Ok(PolicySet::new(versions, schedules))
    }
}

/// All versions of all policies of a tenant, those of one policy in the order in which they were written.
async fn versions<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Vec<Version>, Error> {
    let rows = Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .order_by_asc(Column::PolicyId)
        .order_by_asc(Column::Revision)
        .all(conn)
        .await
        .map_err(error)?;
    let version = |row: Model| {
        let (id, at, removed) = (row.policy_id, from_micros(row.updated_at), row.removed);
        Ok((id, at, if removed { None } else { Some(read(row)?) }))
    };
    rows.into_iter().map(version).collect()
}

/// The policies that a tenant has now.
pub async fn current<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Vec<SlaPolicy>, Error> {
    let mut latest = BTreeMap::new();
    for (id, _, policy) in versions(conn, tenant).await? {
        latest.insert(id, policy);
    }
    Ok(latest.into_values().flatten().collect())
}

/// The first policy that names a schedule now; read under the schedule's lock.
pub async fn uses_schedule<C: ConnectionTrait>(conn: &C, tenant: &str, schedule: &str) -> Result<Option<Uuid>, Error> {
    let policies = current(conn, tenant).await?;
    let user = policies
        .iter()
        .find(|policy| policy.rules.schedule.as_deref() == Some(schedule));
    Ok(user.map(|policy| policy.id))
}

/// One policy as it is now; none when the tenant has no such one.
pub async fn find<C: ConnectionTrait>(conn: &C, tenant: &str, id: Uuid) -> Result<Option<SlaPolicy>, Error> {
    let latest = Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::PolicyId.eq(id))
        .order_by_desc(Column::Revision)
        .one(conn)
        .await
        .map_err(error)?;
    latest.filter(|row| !row.removed).map(read).transpose()
}

fn read(row: Model) -> Result<SlaPolicy, Error> {
    let body: Body = serde_json::from_str(&row.body)
        .map_err(|cause| Error::internal("a stored SLA policy cannot be read").caused_by(cause))?;
    Ok(SlaPolicy {
        id: row.policy_id,
        display_name: body.display_name,
        rules: body.rules,
        condition: Condition::stored(&body.condition)?,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
    })
}

/// A version as a row.
pub fn to_row(tenant: &str, policy: &SlaPolicy, removed: bool) -> Model {
    let body = Body {
        display_name: policy.display_name.clone(),
        rules: policy.rules.clone(),
        condition: policy.condition.as_str().to_owned(),
    };
    Model {
        tenant: tenant.to_owned(),
        policy_id: policy.id,
        revision: policy.revision,
        removed,
        body: serde_json::to_string(&body).expect("policies are always JSON"),
        created_at: micros(policy.created_at),
        updated_at: micros(policy.updated_at),
    }
}
