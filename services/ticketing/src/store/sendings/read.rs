//! Reading sendings, and their rows.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use crate::names::{self, TicketRef};
use crate::store::Store;
use crate::store::asked;
use crate::store::entity::survey_sending;
use crate::survey::{Kind, Sending, State};

/// Which sendings to list; everything named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendingFilter {
    /// Of this survey, by id.
    pub survey: Option<String>,
    /// About this ticket.
    pub ticket: Option<TicketRef>,
    /// To this customer.
    pub customer: Option<Uuid>,
}

/// A planned sending that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub tenant: String,
    /// Which.
    pub id: Uuid,
    /// Since when.
    pub due_at: DateTime<Utc>,
}

impl Store {
    /// One sending.
    ///
    /// # Errors
    /// NotFound when the tenant has no such sending.
    pub async fn sending(&self, tenant: &str, id: Uuid) -> Result<Sending, Error> {
        let row = survey_sending::Entity::find_by_id((tenant.to_owned(), id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        let mut sending = row
            .map(read)
            .transpose()?
            .ok_or_else(|| Error::not_found(names::SENDING, names::sending(id)))?;
        self.tell_present(tenant, std::slice::from_mut(&mut sending)).await?;
        Ok(sending)
    }

    /// Sendings with ids below `before`, newest first.
    ///
    /// # Errors
    /// NotFound when the filter names a ticket that the tenant does not have.
    pub async fn sendings(
        &self,
        tenant: &str,
        filter: &SendingFilter,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Sending>, Error> {
        let ticket = self.resolve(tenant, filter.ticket).await?;
        let condition = Condition::all()
            .add(survey_sending::Column::Tenant.eq(tenant))
            .add_option(before.map(|id| survey_sending::Column::Id.lt(id)))
            .add_option(filter.survey.as_deref().map(|id| survey_sending::Column::Survey.eq(id)))
            .add_option(ticket.map(|id| survey_sending::Column::TicketId.eq(id)))
            .add_option(
                filter
                    .customer
                    .map(|id| survey_sending::Column::CustomerId.in_subquery(asked::of(tenant, id))),
            );
        let rows = survey_sending::Entity::find()
            .filter(condition)
            .order_by_desc(survey_sending::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut sendings: Vec<Sending> = rows.into_iter().map(read).collect::<Result<_, Error>>()?;
        self.tell_present(tenant, &mut sendings).await?;
        Ok(sendings)
    }

    /// Names those into whom the customers were merged. What was changed by this is not to be stored.
    async fn tell_present(&self, tenant: &str, sendings: &mut [Sending]) -> Result<(), Error> {
        let customers = sendings.iter().map(|sending| sending.customer);
        let present = asked::present(self.db.reader(), tenant, customers).await?;
        for sending in sendings {
            sending.customer = present.get(&sending.customer).copied().unwrap_or(sending.customer);
        }
        Ok(())
    }

    /// Planned sendings of any tenant that are due at `now`, the longest due first, after the one named.
    pub async fn due_sendings(&self, now: DateTime<Utc>, after: Option<&Due>, limit: u64) -> Result<Vec<Due>, Error> {
        let mut condition = Condition::all()
            .add(survey_sending::Column::State.eq(State::Planned.as_str()))
            .add(survey_sending::Column::DueAt.lte(micros(now)));
        if let Some(after) = after {
            let due_at = micros(after.due_at);
            let same = Condition::all()
                .add(survey_sending::Column::DueAt.eq(due_at))
                .add(survey_sending::Column::Id.gt(after.id));
            condition = condition.add(Condition::any().add(survey_sending::Column::DueAt.gt(due_at)).add(same));
        }
        let rows: Vec<(String, Uuid, i64)> = survey_sending::Entity::find()
            .select_only()
            .columns([
                survey_sending::Column::Tenant,
                survey_sending::Column::Id,
                survey_sending::Column::DueAt,
            ])
            .filter(condition)
            .order_by_asc(survey_sending::Column::DueAt)
            .order_by_asc(survey_sending::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let due = |(tenant, id, due_at)| Due {
            tenant,
            id,
            due_at: from_micros(due_at),
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// The id of the ticket that a list names.
    pub(in crate::store) async fn resolve(
        &self,
        tenant: &str,
        which: Option<TicketRef>,
    ) -> Result<Option<Uuid>, Error> {
        match which {
            Some(which) => Ok(Some(self.ticket(tenant, which).await?.id)),
            None => Ok(None),
        }
    }
}

/// One sending of a tenant as it is stored, locked until the commit where asked for.
pub async fn find(tx: &Tx, tenant: &str, id: Uuid, locked: bool) -> Result<Option<Sending>, Error> {
    let mut query = survey_sending::Entity::find_by_id((tenant.to_owned(), id));
    if locked {
        query = query.lock_exclusive();
    }
    query.one(tx.conn()).await.map_err(error)?.map(read).transpose()
}

/// The sending about a solve, whatever its state. The caller holds the ticket's lock.
pub async fn of_solve<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ticket: Uuid,
    kind: Kind,
    solve: i32,
) -> Result<Option<Sending>, Error> {
    survey_sending::Entity::find()
        .filter(survey_sending::Column::Tenant.eq(tenant))
        .filter(survey_sending::Column::TicketId.eq(ticket))
        .filter(survey_sending::Column::Kind.eq(kind.as_str()))
        .filter(survey_sending::Column::Solve.eq(solve))
        .one(conn)
        .await
        .map_err(error)?
        .map(read)
        .transpose()
}

/// A sending as a row.
pub fn written(tenant: &str, sending: &Sending) -> survey_sending::Model {
    survey_sending::Model {
        tenant: tenant.to_owned(),
        id: sending.id,
        survey: sending.survey.clone(),
        kind: sending.kind.as_str().to_owned(),
        customer_id: sending.customer,
        ticket_id: sending.ticket,
        solve: sending.solve,
        agent: sending.agent.clone(),
        language: sending.language.clone(),
        state: sending.state.as_str().to_owned(),
        cancelled: sending.cancelled.map(|why| why.as_str().to_owned()),
        due_at: micros(sending.due_at),
        sent_at: sending.sent_at.map(micros),
        expires_at: sending.expires_at.map(micros),
        closes_at: sending.closes_at.map(micros),
        answered_at: sending.answered_at.map(micros),
        created_at: micros(sending.created_at),
    }
}

fn read(row: survey_sending::Model) -> Result<Sending, Error> {
    Ok(Sending {
        id: row.id,
        survey: row.survey,
        kind: row.kind.parse()?,
        customer: row.customer_id,
        ticket: row.ticket_id,
        solve: row.solve,
        agent: row.agent,
        language: row.language,
        state: row.state.parse()?,
        cancelled: row.cancelled.map(|why| why.parse()).transpose()?,
        due_at: from_micros(row.due_at),
        sent_at: row.sent_at.map(from_micros),
        expires_at: row.expires_at.map(from_micros),
        closes_at: row.closes_at.map(from_micros),
        answered_at: row.answered_at.map(from_micros),
        created_at: from_micros(row.created_at),
    })
}
