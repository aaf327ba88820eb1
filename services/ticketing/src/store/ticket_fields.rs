//! The tenants' own fields: defined, changed, read. Never deleted.

use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QuerySelect};
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::ticket_field::{self, Column};
use super::{Begun, Call, Store, row, write};
use crate::custom::{Definition, Definitions, FIELDS_EVER_MAX, FIELDS_MAX, Field, FieldType, Number, Profile};
use crate::event::Fact;
use crate::names;

impl Store {
    /// Defines a field.
    ///
    /// # Errors
    /// AlreadyExists `TICKET_FIELD_EXISTS`; Precondition `TOO_MANY_TICKET_FIELDS`; Invalid as [`Definition::new`].
    pub async fn create_ticket_field<R, A>(
        &self,
        call: &Call,
        id: &str,
        new: (FieldType, Profile),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Definition) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Whoever defines something holds this lock, so that the number of them is known.
        row::lock_tenant(&tx, &call.tenant).await?;
        let tenant = call.tenant.as_str();
        let there = read_all(of_tenant(tenant).all(tx.conn()).await.map_err(error)?)?;
        if there.iter().any(|one| one.id == id) {
            let taken = format!("{} is taken", names::ticket_field(id));
            return Err(Error::new(Kind::AlreadyExists, "TICKET_FIELD_EXISTS", taken));
        }
        check_number(&there, &new.1)?;
        let now = self.clock.now();
        let defined = Definition::new(id.to_owned(), new.0, new.1, now)?;
        save(&tx, tenant, &defined).await?;
        let answer = respond(&defined);
        let fact = Fact::TicketField(Box::new(defined));
        self.commit_configuration(tx, call, &answer, Some(fact), now).await?;
        Ok(answer)
    }

    /// Changes the named fields of a definition; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `TOO_MANY_TICKET_FIELDS` when one is taken out of the archive;
    /// Invalid as [`Definition::update`].
    pub async fn update_ticket_field<R, A>(
        &self,
        call: &Call,
        (id, etag): (&str, &str),
        (profile, fields): (&Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Definition) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let tenant = call.tenant.as_str();
        let mut there = read_all(of_tenant(tenant).all(tx.conn()).await.map_err(error)?)?;
        let at = there.iter().position(|one| one.id == id).ok_or_else(|| not_found(id))?;
        let mut defined = there.swap_remove(at);
        vorrang_service::check_etag(etag, defined.revision)?;
        let now = self.clock.now();
        let was_archived = defined.profile.archived;
        let changed = defined.update(profile, fields, now)?;
        if was_archived && !defined.profile.archived {
            check_number(&there, &defined.profile)?;
        }
        if changed {
            save(&tx, tenant, &defined).await?;
        }
        let answer = respond(&defined);
        let fact = changed.then(|| Fact::TicketField(Box::new(defined)));
        self.commit_configuration(tx, call, &answer, fact, now).await?;
        Ok(answer)
    }

    /// One field.
    ///
    /// # Errors
    /// NotFound when the tenant has no such field.
    pub async fn ticket_field(&self, tenant: &str, id: &str) -> Result<Definition, Error> {
        let row = ticket_field::Entity::find_by_id((tenant.to_owned(), id.to_owned()))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        row.map(read).transpose()?.ok_or_else(|| not_found(id))
    }

    /// All fields of a tenant.
    pub async fn ticket_fields(&self, tenant: &str) -> Result<Definitions, Error> {
        all(self.db.reader(), tenant).await
    }
}

/// All fields of a tenant.
pub async fn all<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Definitions, Error> {
    let rows = of_tenant(tenant).all(conn).await.map_err(error)?;
    rows.into_iter().map(read).collect()
}

fn check_number(others: &[Definition], new: &Profile) -> Result<(), Error> {
    let in_use = others.iter().filter(|one| !one.profile.archived).count();
    if others.len() < FIELDS_EVER_MAX && (new.archived || in_use < FIELDS_MAX) {
        return Ok(());
    }
    Err(Error::precondition(
        "TOO_MANY_TICKET_FIELDS",
        format!("a tenant has at most {FIELDS_MAX} fields that are not archived, and {FIELDS_EVER_MAX} in all"),
    ))
}

fn not_found(id: &str) -> Error {
    Error::not_found(names::TICKET_FIELD, names::ticket_field(id))
}

fn of_tenant(tenant: &str) -> sea_orm::Select<ticket_field::Entity> {
    ticket_field::Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .limit(2 * FIELDS_EVER_MAX as u64)
}

async fn save(tx: &Tx, tenant: &str, defined: &Definition) -> Result<(), Error> {
    let profile = &defined.profile;
    let row = ticket_field::Model {
        tenant: tenant.to_owned(),
        id: defined.id.clone(),
        field_type: defined.field_type.as_str().to_owned(),
        display_name: profile.display_name.clone(),
        description: profile.description.clone(),
        position: profile.position,
        required_on_solve: profile.required_on_solve,
        archived: profile.archived,
        max_length: profile.max_length,
        min: profile.min.map(Number::get),
        max: profile.max.map(Number::get),
        choices: row::json(&profile.choices),
        created_at: micros(defined.created_at),
        updated_at: micros(defined.updated_at),
        revision: defined.revision,
    };
    let fixed = |column: &Column| {
        matches!(
            column,
            Column::Tenant | Column::Id | Column::FieldType | Column::CreatedAt
        )
    };
    let conflict = OnConflict::columns([Column::Tenant, Column::Id])
        .update_columns(Column::iter().filter(|column| !fixed(column)))
        .to_owned();
    write::insert::<ticket_field::Entity>(tx, vec![row], Some(conflict)).await
}

fn read_all(rows: Vec<ticket_field::Model>) -> Result<Vec<Definition>, Error> {
    rows.into_iter().map(read).collect()
}

pub(super) fn read(row: ticket_field::Model) -> Result<Definition, Error> {
    Ok(Definition {
        field_type: row.field_type.parse()?,
        profile: Profile {
            display_name: row.display_name,
            description: row.description,
            position: row.position,
            required_on_solve: row.required_on_solve,
            archived: row.archived,
            max_length: row.max_length,
            min: row.min.and_then(Number::new),
            max: row.max.and_then(Number::new),
            choices: row::read_json(&row.choices)?,
        },
        id: row.id,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
    })
}
