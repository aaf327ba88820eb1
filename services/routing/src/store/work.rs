//! Who works on what: the slots that a rebuild of the queues must take again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
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

    /// The generations in which these tickets were last accepted, as far as noted.
    pub(crate) async fn generations(&self, tenant: &str, tickets: &[String]) -> Result<HashMap<String, i64>, Error> {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Ticket.is_in(tickets.iter().map(String::as_str)))
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows.into_iter().map(|row| (row.ticket, row.generation)).collect())
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

/// Notes that the agent accepted the contact; `false` when that was noted before. Who asked ticketing and who follows its feed both say
/// so, in any order and any number of times: the generation tells them from an acceptance of another time.
pub(super) async fn begin(
    tx: &Tx,
    tenant: &str,
    agent: &str,
    contact: &Contact,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let old = |column| Expr::col((Entity, column));
    let new = |column: Column| Expr::col(("excluded", column));
    // The later time is for a log that was restored, where generations begin again from an older one.
    let newer = new(Column::Generation)
        .gt(old(Column::Generation))
        .or(new(Column::Generation)
            .ne(old(Column::Generation))
            .and(new(Column::AcceptedAt).gt(old(Column::AcceptedAt))));
    let row = ActiveModel {
        tenant: Set(tenant.to_owned()),
        ticket: Set(contact.ticket.clone()),
        agent: Set(agent.to_owned()),
        channel: Set(contact.served_as().word().to_owned()),
        generation: Set(contact.generation),
        accepted_at: Set(micros(at)),
        ended_at: Set(None),
        wrapped_up_at: Set(None),
    };
    let written = Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Tenant, Column::Ticket])
                .update_columns([
                    Column::Agent,
                    Column::Channel,
                    Column::Generation,
                    Column::AcceptedAt,
                    Column::EndedAt,
                    Column::WrappedUpAt,
                ])
                .action_and_where(newer)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(written > 0)
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
