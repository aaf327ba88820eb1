//! Agents in the database.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::agent::{self as row, Column, Entity};
use super::{Answer, Call, Store};
use crate::agent::{Agent, Profile, TYPE};
use crate::event::Event;
use crate::words::Presence;
use crate::{convert, names};

impl Store {
    /// Writes a new agent. Fails with AlreadyExists when the id is taken.
    pub(crate) async fn create_agent(&self, call: &Call, agent: Agent) -> Result<Answer<Agent>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let taken = find(&call.tenant, &agent.id)
            .one(tx.conn())
            .await
            .map_err(database_error)?;
        if taken.is_some() {
            return Err(already_exists(&agent.id));
        }
        row::Model {
            tenant: call.tenant.clone(),
            id: agent.id.clone(),
            display_name: agent.profile.display_name.clone(),
            team: agent.profile.team.clone(),
            disabled: agent.profile.disabled,
            presence: agent.presence.word().to_owned(),
            session: String::new(),
            seen_at: 0,
            revision: agent.revision,
            created_at: micros(agent.created_at),
        }
        .into_active_model()
        .insert(tx.conn())
        .await
        .map_err(|error| match database_error(error) {
            // Two at once: the first one has it.
            error if error.kind() == Kind::Conflict => already_exists(&agent.id),
            error => error,
        })?;
        let event = Event::AgentCreated(agent.clone());
        self.finish(tx, call, &convert::encode_agent(&agent), Some(&event))
            .await?;
        Ok(Answer::Fresh(agent))
    }

    /// Locks an agent, lets `decide` change it and tell whether it did, and writes it. Fails with NotFound, and as `decide` does.
    pub(crate) async fn change_agent(
        &self,
        call: &Call,
        id: &str,
        decide: impl FnOnce(&mut Agent) -> Result<bool, Error>,
    ) -> Result<Answer<Agent>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let found = find(&call.tenant, id)
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))?;
        let mut agent = from_row(found.clone())?;
        let changed = decide(&mut agent)?;
        if changed {
            let mut active = found.into_active_model();
            active.display_name = Set(agent.profile.display_name.clone());
            active.team = Set(agent.profile.team.clone());
            active.disabled = Set(agent.profile.disabled);
            active.revision = Set(agent.revision);
            active.update(tx.conn()).await.map_err(database_error)?;
        }
        let event = changed.then(|| Event::AgentUpdated(agent.clone()));
        self.finish(tx, call, &convert::encode_agent(&agent), event.as_ref())
            .await?;
        Ok(Answer::Fresh(agent))
    }

    /// One agent. Fails with NotFound.
    pub(crate) async fn agent(&self, tenant: &str, id: &str) -> Result<Agent, Error> {
        find(tenant, id)
            .one(self.database.reader())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))
            .and_then(from_row)
    }

    /// At most `limit` agents by id, after `after`.
    pub(crate) async fn agents(&self, tenant: &str, after: Option<&str>, limit: u64) -> Result<Vec<Agent>, Error> {
        let mut query = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(after));
        }
        let rows = query.all(self.database.reader()).await.map_err(database_error)?;
        rows.into_iter().map(from_row).collect()
    }
}

fn find(tenant: &str, id: &str) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Id.eq(id))
}

fn not_found(id: &str) -> Error {
    Error::not_found(TYPE, names::agent_name(id))
}

fn already_exists(id: &str) -> Error {
    Error::new(
        Kind::AlreadyExists,
        "AGENT_EXISTS",
        format!("{} exists already", names::agent_name(id)),
    )
    .with("agent", names::agent_name(id))
}

fn from_row(row: row::Model) -> Result<Agent, Error> {
    Ok(Agent {
        presence: Presence::of(&row.presence)
            .ok_or_else(|| Error::internal(format!("an agent has the unknown presence {}", row.presence)))?,
        id: row.id,
        profile: Profile {
            display_name: row.display_name,
            team: row.team,
            disabled: row.disabled,
        },
        revision: row.revision,
        created_at: from_micros(row.created_at),
    })
}
