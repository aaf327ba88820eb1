//! Versions of the policy in the database. A version is never changed.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::policy::{self as row, Column, Entity};
use super::{Answer, Call, Store};
use crate::convert;
use crate::event::Event;
use crate::policy::Policy;

impl Store {
    /// The policy in force.
    pub(crate) async fn policy(&self, tenant: &str) -> Result<Policy, Error> {
        newest(self.database.reader(), tenant).await
    }

    /// Writes the policy that `decide` makes of the present one as the next version. Fails as `decide` does, and with Conflict when
    /// somebody else was faster.
    pub(crate) async fn update_policy(
        &self,
        call: &Call,
        decide: impl FnOnce(&Policy) -> Result<Policy, Error>,
    ) -> Result<Answer<Policy>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let present = newest(tx.conn(), &call.tenant).await?;
        let mut policy = decide(&present)?;
        policy.version = present.version + 1;
        policy.created_at = Some(call.now);
        row::Model {
            tenant: call.tenant.clone(),
            version: policy.version,
            document: serde_json::to_string(&policy).expect("plain values"),
            created_at: micros(call.now),
        }
        .into_active_model()
        .insert(tx.conn())
        .await
        .map_err(|error| match database_error(error) {
            error if error.kind() == Kind::Conflict => Error::conflict(
                "ETAG_MISMATCH",
                "the policy was changed at the same time; read it again and repeat the change",
            )
            .caused_by(error),
            error => error,
        })?;
        let event = Event::PolicyUpdated(policy.clone());
        self.finish(tx, call, &convert::encode_policy(&policy), Some(&event))
            .await?;
        Ok(Answer::Fresh(policy))
    }
}

async fn newest(connection: &impl ConnectionTrait, tenant: &str) -> Result<Policy, Error> {
    let newest = Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .order_by_desc(Column::Version)
        .one(connection)
        .await
        .map_err(database_error)?;
    let Some(newest) = newest else {
        return Ok(Policy::builtin());
    };
    let mut policy: Policy = serde_json::from_str(&newest.document)
        .map_err(|error| Error::internal("a stored policy cannot be read").caused_by(error))?;
    policy.version = newest.version;
    policy.created_at = Some(from_micros(newest.created_at));
    Ok(policy)
}
