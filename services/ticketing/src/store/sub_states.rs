//! Sub-states: defined, changed, deleted, read.

use std::collections::BTreeSet;

use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::{sub_state, ticket};
use super::personal::Keyring;
use super::{Begun, Call, Store, row, write};
use crate::event::{Event, Fact};
use crate::names;
use crate::state::State;
use crate::sub_state::{Field, Profile, SUB_STATES_MAX, SubState};
use crate::ticket::Change;

impl Store {
    /// Defines a sub-state.
    ///
    /// # Errors
    /// AlreadyExists `SUB_STATE_EXISTS`; Precondition `TOO_MANY_SUB_STATES`.
    pub async fn create_sub_state<R, A>(
        &self,
        call: &Call,
        id: &str,
        new: (State, Profile),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&SubState) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Whoever defines something holds this lock, so that the number of them is known.
        row::lock_tenant(&tx, &call.tenant).await?;
        let tenant = call.tenant.as_str();
        if lock(&tx, tenant, id).await?.is_some() {
            let taken = format!("{} is taken", names::sub_state(id));
            return Err(Error::new(Kind::AlreadyExists, "SUB_STATE_EXISTS", taken));
        }
        let count = of_tenant(tenant).count(tx.conn()).await.map_err(error)?;
        if count >= SUB_STATES_MAX {
            return Err(Error::precondition(
                "TOO_MANY_SUB_STATES",
                format!("a tenant has at most {SUB_STATES_MAX} sub-states; delete some that are not used"),
            ));
        }
        let now = self.clock.now();
        let defined = SubState::new(id.to_owned(), new.0, new.1, now);
        save(&tx, tenant, &defined).await?;
        let answer = respond(&defined);
        self.commit_configuration(tx, call, &answer, Some(Fact::SubState(defined, false)), now)
            .await?;
        Ok(answer)
    }

    /// Changes the named fields of a sub-state; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn update_sub_state<R, A>(
        &self,
        call: &Call,
        (id, etag): (&str, &str),
        (profile, fields): (&Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&SubState) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut defined = lock(&tx, &call.tenant, id).await?.ok_or_else(|| not_found(id))?;
        vorrang_service::check_etag(etag, defined.revision)?;
        let now = self.clock.now();
        let changed = defined.update(profile, fields, now);
        if changed {
            save(&tx, &call.tenant, &defined).await?;
        }
        let answer = respond(&defined);
        let fact = changed.then_some(Fact::SubState(defined, false));
        self.commit_configuration(tx, call, &answer, fact, now).await?;
        Ok(answer)
    }

    /// Deletes a sub-state that no ticket has; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `SUB_STATE_IN_USE`.
    pub async fn delete_sub_state(&self, call: &Call, id: &str, etag: &str) -> Result<(), Error> {
        let tx = match self.begin::<()>(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(()) => return Ok(()),
        };
        let tenant = call.tenant.as_str();
        // Whoever gives it to a ticket holds it until the commit: once it is ours, every such ticket is seen.
        let defined = lock(&tx, tenant, id).await?.ok_or_else(|| not_found(id))?;
        vorrang_service::check_etag(etag, defined.revision)?;
        let user = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Number)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::SubState.eq(id))
            .limit(1)
            .into_tuple::<i64>()
            .one(tx.conn())
            .await
            .map_err(error)?;
        if user.is_some() {
            return Err(Error::precondition(
                "SUB_STATE_IN_USE",
                "tickets have this sub-state; archive it, then no further ticket gets it",
            )
            .with("sub_state", names::sub_state(id)));
        }
        sub_state::Entity::delete_by_id((tenant.to_owned(), id.to_owned()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        let now = self.clock.now();
        self.commit_configuration(tx, call, &(), Some(Fact::SubState(defined, true)), now)
            .await
    }

    /// One sub-state.
    ///
    /// # Errors
    /// NotFound when the tenant has no such sub-state.
    pub async fn sub_state(&self, tenant: &str, id: &str) -> Result<SubState, Error> {
        let row = sub_state::Entity::find_by_id((tenant.to_owned(), id.to_owned()))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        row.map(read).transpose()?.ok_or_else(|| not_found(id))
    }

    /// All sub-states of a tenant, by position and id.
    pub async fn sub_states(&self, tenant: &str) -> Result<Vec<SubState>, Error> {
        let rows = of_tenant(tenant).all(self.db.reader()).await.map_err(error)?;
        let mut all = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|left, right| (left.profile.position, &left.id).cmp(&(right.profile.position, &right.id)));
        Ok(all)
    }

    /// The end of a call that changes what a tenant has defined: nothing of it is about a person.
    pub(super) async fn commit_configuration<R: Message>(
        &self,
        tx: Tx,
        call: &Call,
        answer: &R,
        fact: Option<Fact>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), Error> {
        let keyring = Keyring::nobody(&call.tenant);
        let events = fact.map(|fact| self.event(call, fact, now)).into_iter().collect();
        self.commit(tx, call, &keyring, answer, events, now).await
    }
}

/// Keeps the sub-states that these events gave to tickets from being deleted until the commit.
///
/// # Errors
/// NotFound when one was deleted since it was read.
pub async fn hold(tx: &Tx, tenant: &str, events: &[Event]) -> Result<(), Error> {
    let given = events.iter().filter_map(|event| match &event.fact {
        Fact::Ticket(ticket, Change::StateChanged(_)) => ticket.sub_state.clone(),
        Fact::Ticket(ticket, Change::Updated(fields)) if fields.contains(&"sub_state") => ticket.sub_state.clone(),
        _ => None,
    });
    // In the order of their ids, as everybody takes them.
    for id in given.collect::<BTreeSet<String>>() {
        let row = sub_state::Entity::find_by_id((tenant.to_owned(), id.clone()))
            .lock_shared()
            .one(tx.conn())
            .await
            .map_err(error)?;
        row.ok_or_else(|| not_found(&id))?;
    }
    Ok(())
}

fn not_found(id: &str) -> Error {
    Error::not_found(names::SUB_STATE, names::sub_state(id))
}

fn of_tenant(tenant: &str) -> sea_orm::Select<sub_state::Entity> {
    sub_state::Entity::find().filter(sub_state::Column::Tenant.eq(tenant))
}

async fn lock(tx: &Tx, tenant: &str, id: &str) -> Result<Option<SubState>, Error> {
    let row = sub_state::Entity::find_by_id((tenant.to_owned(), id.to_owned()))
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?;
    row.map(read).transpose()
}

async fn save(tx: &Tx, tenant: &str, defined: &SubState) -> Result<(), Error> {
    let row = sub_state::Model {
        tenant: tenant.to_owned(),
        id: defined.id.clone(),
        state: defined.state.as_str().to_owned(),
        display_name: defined.profile.display_name.clone(),
        position: defined.profile.position,
        archived: defined.profile.archived,
        created_at: micros(defined.created_at),
        updated_at: micros(defined.updated_at),
        revision: defined.revision,
    };
    let conflict = OnConflict::columns([sub_state::Column::Tenant, sub_state::Column::Id])
        .update_columns([
            sub_state::Column::DisplayName,
            sub_state::Column::Position,
            sub_state::Column::Archived,
            sub_state::Column::UpdatedAt,
            sub_state::Column::Revision,
        ])
        .to_owned();
    write::insert::<sub_state::Entity>(tx, vec![row], Some(conflict)).await
}

pub(super) fn read(row: sub_state::Model) -> Result<SubState, Error> {
    Ok(SubState {
        state: row.state.parse()?,
        profile: Profile {
            display_name: row.display_name,
            position: row.position,
            archived: row.archived,
        },
        id: row.id,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
    })
}
