//! Self-service sessions in the database.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::article::check_published;
use super::entity::session::{self as row, Column, Entity};
use super::erase::known;
use super::{Answer, Call, Store};
use crate::convert;
use crate::event::Event;
use crate::session::{FollowUp, Opening, Session, State, TYPE, name};

/// What a change of a session refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refers<'a> {
    /// The article that was read.
    Article(Uuid),
    /// Whose ticket it goes on in, `customers/{uuid}`; empty when that is not known yet.
    Customer(&'a str),
}

impl Store {
    /// Writes a new session with its event.
    pub(crate) async fn create_session(
        &self,
        call: &Call,
        mut session: Session,
        mut event: Event,
    ) -> Result<Answer<Session>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let customer = known(&tx, &call.tenant, &session.opening.customer).await?;
        if customer != session.opening.customer {
            // Somebody still sends the name of a customer who was erased: it is nobody's session.
            session.opening.customer = customer;
            event = Event::SessionStarted {
                session: session.clone(),
            };
        }
        to_row(&call.tenant, &session)
            .into_active_model()
            .insert(tx.conn())
            .await
            .map_err(database_error)?;
        self.finish(tx, call, &convert::encode_session(&session), Some(&event))
            .await?;
        Ok(Answer::Fresh(session))
    }

    /// Locks a session, lets `decide` change it, and writes it with the event that `decide` gives; no event means that
    /// nothing changed. An article that it refers to must be published; a customer makes the session theirs unless it is somebody's.
    ///
    /// Fails with NotFound, with Precondition `ARTICLE_NOT_PUBLISHED`, and as `decide` does.
    pub(crate) async fn change_session(
        &self,
        call: &Call,
        id: Uuid,
        refers: Option<Refers<'_>>,
        decide: impl FnOnce(&mut Session) -> Result<Option<Event>, Error>,
    ) -> Result<Answer<Session>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let mut session = find(&call.tenant, id)
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))
            .and_then(from_row)?;
        match refers {
            Some(Refers::Article(article)) => check_published(&tx, &call.tenant, article).await?,
            Some(Refers::Customer(customer)) if session.opening.customer.is_empty() => {
                session.opening.customer = known(&tx, &call.tenant, customer).await?;
            }
            Some(Refers::Customer(_)) | None => {}
        }
        let event = decide(&mut session)?;
        if event.is_some() {
            to_row(&call.tenant, &session)
                .into_active_model()
                .reset_all()
                .update(tx.conn())
                .await
                .map_err(database_error)?;
        }
        self.finish(tx, call, &convert::encode_session(&session), event.as_ref())
            .await?;
        Ok(Answer::Fresh(session))
    }

    /// One session. Fails with NotFound.
    pub(crate) async fn session(&self, tenant: &str, id: Uuid) -> Result<Session, Error> {
        find(tenant, id)
            .one(self.database.reader())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))
            .and_then(from_row)
    }

    /// Sessions whose ticket ingestion still has to make, oldest first, with their tenants.
    pub(crate) async fn awaiting_ticket(&self, limit: u64) -> Result<Vec<(String, Session)>, Error> {
        // Of all tenants: it is work to be done, and there is hardly ever any.
        let rows = Entity::find()
            .filter(Column::Receipt.ne(""))
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter()
            .map(|row| Ok((row.tenant.clone(), from_row(row)?)))
            .collect()
    }
}

fn find(tenant: &str, id: Uuid) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Id.eq(id))
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(TYPE, name(id))
}

fn state_text(state: State) -> &'static str {
    match state {
        State::Started => "STARTED",
        State::Solved => "SOLVED",
        State::Escalated => "ESCALATED",
    }
}

fn read_state(text: &str) -> Result<State, Error> {
    match text {
        "STARTED" => Ok(State::Started),
        "SOLVED" => Ok(State::Solved),
        "ESCALATED" => Ok(State::Escalated),
        other => Err(Error::internal(format!("a session is in the unknown state {other}"))),
    }
}

fn to_row(tenant: &str, session: &Session) -> row::Model {
    let (mut ticket, mut receipt, mut quarantine_item) = (String::new(), String::new(), String::new());
    match session.follow_up.clone() {
        Some(FollowUp::Ticket(name)) => ticket = name,
        Some(FollowUp::Receipt(name)) => receipt = name,
        Some(FollowUp::Quarantine(name)) => quarantine_item = name,
        None => {}
    }
    row::Model {
        tenant: tenant.to_owned(),
        id: session.id,
        state: state_text(session.state).to_owned(),
        customer: session.opening.customer.clone(),
        place: session.opening.place.clone(),
        locale: session.opening.locale.clone(),
        ticket,
        receipt,
        quarantine_item,
        search_count: session.search_count,
        view_count: session.view_count,
        started_at: micros(session.started_at),
        ended_at: session.ended_at.map(micros),
    }
}

fn from_row(row: row::Model) -> Result<Session, Error> {
    let follow_up = if !row.ticket.is_empty() {
        Some(FollowUp::Ticket(row.ticket))
    } else if !row.receipt.is_empty() {
        Some(FollowUp::Receipt(row.receipt))
    } else if !row.quarantine_item.is_empty() {
        Some(FollowUp::Quarantine(row.quarantine_item))
    } else {
        None
    };
    Ok(Session {
        id: row.id,
        state: read_state(&row.state)?,
        opening: Opening {
            customer: row.customer,
            place: row.place,
            locale: row.locale,
        },
        follow_up,
        search_count: row.search_count,
        view_count: row.view_count,
        started_at: from_micros(row.started_at),
        ended_at: row.ended_at.map(from_micros),
    })
}
