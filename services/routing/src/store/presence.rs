//! Presence in the database, and the signs that streams live.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use vorrang_database::{Tx, error as database_error, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::agent::{ActiveModel, Column, Entity};
use crate::words::Presence;

/// An agent's newest stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newest {
    pub agent: String,
    pub session: String,
    /// Whether the agent may not work.
    pub disabled: bool,
}

/// An agent who is not offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub agent: String,
    pub session: String,
    /// When a process last said that the session lives, in unix microseconds by its own clock: only good for telling signs apart.
    pub seen_at: i64,
}

impl Store {
    /// Notes that these sessions live.
    pub(crate) async fn touch_sessions(
        &self,
        tenant: &str,
        sessions: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        Entity::update_many()
            .set(ActiveModel {
                seen_at: Set(micros(now)),
                ..Default::default()
            })
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Session.is_in(sessions.iter().map(String::as_str)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// The newest streams of these agents.
    pub(crate) async fn newest_sessions(&self, tenant: &str, agents: &[&str]) -> Result<Vec<Newest>, Error> {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.is_in(agents.iter().copied()))
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows
            .into_iter()
            .map(|row| Newest {
                agent: row.id,
                session: row.session,
                disabled: row.disabled,
            })
            .collect())
    }

    /// Agents of the tenant who are not offline.
    pub(crate) async fn present_agents(&self, tenant: &str) -> Result<Vec<Present>, Error> {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Presence.ne(Presence::Offline.word()))
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows
            .into_iter()
            .map(|row| Present {
                agent: row.id,
                session: row.session,
                seen_at: row.seen_at,
            })
            .collect())
    }
}

/// Writes a presence; tells whether it counts. A stream that has been replaced by a newer one no longer speaks for its agent.
pub(super) async fn set(
    tx: &Tx,
    tenant: &str,
    agent: &str,
    session: &str,
    presence: Presence,
    first: bool,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut update = Entity::update_many()
        .set(ActiveModel {
            presence: Set(presence.word().to_owned()),
            session: Set(session.to_owned()),
            seen_at: Set(micros(at)),
            ..Default::default()
        })
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Id.eq(agent));
    if !first {
        update = update.filter(Column::Session.eq(session));
    }
    let updated = update.exec(tx.conn()).await.map_err(database_error)?;
    Ok(updated.rows_affected > 0)
}
