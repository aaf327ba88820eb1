//! Who works on what: the slots that a rebuild of the queues must take again.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use vorrang_database::{Tx, error as database_error, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::work::{ActiveModel, Column, Entity, Model};
use crate::contact::Contact;

/// An agent works on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    /// The ticket's uuid.
    pub ticket: String,
    pub agent: String,
    /// Word of the channel whose slot it takes.
    pub channel: String,
}

impl From<Model> for Work {
    fn from(row: Model) -> Self {
        Self {
            ticket: row.ticket,
            agent: row.agent,
            channel: row.channel,
        }
    }
}

impl Store {
    /// All work of a tenant that has not ended.
    pub(crate) async fn open_work(&self, tenant: &str) -> Result<Vec<Work>, Error> {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::EndedAt.is_null())
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows.into_iter().map(Work::from).collect())
    }

    /// The work of one agent that has not ended.
    pub(crate) async fn open_work_of(&self, tenant: &str, agent: &str) -> Result<Vec<Work>, Error> {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::EndedAt.is_null())
            .filter(Column::Agent.eq(agent))
            .order_by_asc(Column::AcceptedAt)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows.into_iter().map(Work::from).collect())
    }

    /// Whether the agent was the last to accept the ticket from us.
    pub(crate) async fn has_worked_on(&self, tenant: &str, agent: &str, ticket: &str) -> Result<bool, Error> {
        let found = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Ticket.eq(ticket))
            .filter(Column::Agent.eq(agent))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(found.is_some())
    }
}

pub(super) async fn begin(
    tx: &Tx,
    tenant: &str,
    agent: &str,
    contact: &Contact,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = ActiveModel {
        tenant: Set(tenant.to_owned()),
        ticket: Set(contact.ticket.clone()),
        agent: Set(agent.to_owned()),
        channel: Set(contact.channel.word().to_owned()),
        accepted_at: Set(micros(at)),
        ended_at: Set(None),
        wrapped_up_at: Set(None),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Tenant, Column::Ticket])
                .update_columns([
                    Column::Agent,
                    Column::Channel,
                    Column::AcceptedAt,
                    Column::EndedAt,
                    Column::WrappedUpAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(())
}

pub(super) async fn end(tx: &Tx, tenant: &str, agent: &str, ticket: &str, at: DateTime<Utc>) -> Result<(), Error> {
    Entity::update_many()
        .set(ActiveModel {
            ended_at: Set(Some(micros(at))),
            ..Default::default()
        })
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Ticket.eq(ticket))
        .filter(Column::Agent.eq(agent))
        .filter(Column::EndedAt.is_null())
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(())
}

/// Notes that the agent is finished with the ticket; `false` when that was noted before, or it was not theirs.
pub(super) async fn wrap_up(
    tx: &Tx,
    tenant: &str,
    agent: &str,
    ticket: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    end(tx, tenant, agent, ticket, at).await?;
    let updated = Entity::update_many()
        .set(ActiveModel {
            wrapped_up_at: Set(Some(micros(at))),
            ..Default::default()
        })
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Ticket.eq(ticket))
        .filter(Column::Agent.eq(agent))
        .filter(Column::WrappedUpAt.is_null())
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(updated.rows_affected > 0)
}
