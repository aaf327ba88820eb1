//! Macros: made, changed, archived, read. Every version is kept.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;
use vorrang_service::Page;

use super::entity::macro_row::{self, Column};
use super::entity::macro_version;
use super::{Begun, Call, Store, row, write};
use crate::event::Fact;
use crate::macros::{Field, MACROS_MAX, Macro, Profile};
use crate::names;

/// Where a macro stands in lists.
pub type MacroPosition = (String, Uuid);

impl Store {
    /// Makes a macro.
    ///
    /// # Errors
    /// Precondition `TOO_MANY_MACROS`.
    pub async fn create_macro<R, A>(&self, call: &Call, profile: Profile, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Macro) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Whoever defines something holds this lock, so that the number of them is known.
        row::lock_tenant(&tx, &call.tenant).await?;
        check_number(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let made = Macro::new(self.ids.next(now), profile, now);
        self.finish_macro(tx, call, made, true, now, respond).await
    }

    /// Changes the named fields of a macro; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `MACRO_ARCHIVED`.
    pub async fn update_macro<R, A>(
        &self,
        call: &Call,
        (id, etag): (Uuid, &str),
        (profile, fields): (Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Macro) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut found = lock(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, found.revision)?;
        let now = self.clock.now();
        let changed = found.update(profile, fields, now)?;
        self.finish_macro(tx, call, found, changed, now, respond).await
    }

    /// Archives a macro, or takes it out of the archive; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `TOO_MANY_MACROS`.
    pub async fn archive_macro<R, A>(
        &self,
        call: &Call,
        (id, etag): (Uuid, &str),
        archived: bool,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Macro) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        if !archived {
            row::lock_tenant(&tx, &call.tenant).await?;
        }
        let mut found = lock(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, found.revision)?;
        let now = self.clock.now();
        let changed = found.archive(archived, now);
        if changed && !archived {
            check_number(&tx, &call.tenant).await?;
        }
        self.finish_macro(tx, call, found, changed, now, respond).await
    }

    /// One macro, as it is or as it was in a version.
    ///
    /// # Errors
    /// NotFound when the tenant has no such macro, or it no such version.
    pub async fn macro_at(&self, tenant: &str, id: Uuid, version: Option<i64>) -> Result<Macro, Error> {
        let mut found = find(self.db.reader(), tenant, &[id])
            .await?
            .remove(&id)
            .ok_or_else(|| not_found(id))?;
        if let Some(version) = version {
            let row = macro_version::Entity::find_by_id((tenant.to_owned(), id, version))
                .one(self.db.reader())
                .await
                .map_err(error)?
                .ok_or_else(|| not_found(id))?;
            found.profile = row::read_json(&row.body)?;
            found.archived_at = row.archived_at.map(from_micros);
            found.updated_at = from_micros(row.at);
            found.revision = row.revision;
        }
        Ok(found)
    }

    /// A page of macros, by display name.
    pub async fn macros(&self, tenant: &str, page: &Page<MacroPosition>, archived: bool) -> Result<Vec<Macro>, Error> {
        let mut query = macro_row::Entity::find().filter(Column::Tenant.eq(tenant));
        if !archived {
            query = query.filter(Column::ArchivedAt.is_null());
        }
        if let Some((name, id)) = &page.after {
            let after = Condition::any().add(Column::DisplayName.gt(name)).add(
                Condition::all()
                    .add(Column::DisplayName.eq(name))
                    .add(Column::Id.gt(*id)),
            );
            query = query.filter(after);
        }
        let rows = query
            .order_by_asc(Column::DisplayName)
            .order_by_asc(Column::Id)
            .limit(page.limit())
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(read).collect()
    }

    /// The end of a call that made or changed a macro.
    async fn finish_macro<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        changed: Macro,
        is_changed: bool,
        now: DateTime<Utc>,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Macro) -> R,
    {
        if is_changed {
            save(&tx, &call.tenant, &changed).await?;
        }
        let answer = respond(&changed);
        let fact = is_changed.then(|| Fact::Macro(Box::new(changed)));
        self.commit_configuration(tx, call, &answer, fact, now).await?;
        Ok(answer)
    }
}

/// The macros with these ids; those that are not there are left out.
pub async fn find<C: ConnectionTrait>(conn: &C, tenant: &str, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Macro>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = macro_row::Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await
        .map_err(error)?;
    rows.into_iter().map(|row| Ok((row.id, read(row)?))).collect()
}

async fn check_number(tx: &Tx, tenant: &str) -> Result<(), Error> {
    let count = macro_row::Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::ArchivedAt.is_null())
        .count(tx.conn())
        .await
        .map_err(error)?;
    if count < MACROS_MAX {
        return Ok(());
    }
    Err(Error::precondition(
        "TOO_MANY_MACROS",
        format!("a tenant has at most {MACROS_MAX} macros that are not archived"),
    ))
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(names::MACRO, names::macro_name(id))
}

async fn lock(tx: &Tx, tenant: &str, id: Uuid) -> Result<Macro, Error> {
    let row = macro_row::Entity::find_by_id((tenant.to_owned(), id))
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?;
    row.map(read).transpose()?.ok_or_else(|| not_found(id))
}

async fn save(tx: &Tx, tenant: &str, changed: &Macro) -> Result<(), Error> {
    let body = row::json(&changed.profile);
    let version = macro_version::Model {
        tenant: tenant.to_owned(),
        macro_id: changed.id,
        revision: changed.revision,
        body: body.clone(),
        archived_at: changed.archived_at.map(micros),
        at: micros(changed.updated_at),
    };
    write::insert::<macro_version::Entity>(tx, vec![version], None).await?;
    let row = macro_row::Model {
        tenant: tenant.to_owned(),
        id: changed.id,
        display_name: changed.profile.display_name.clone(),
        body,
        archived_at: changed.archived_at.map(micros),
        created_at: micros(changed.created_at),
        updated_at: micros(changed.updated_at),
        revision: changed.revision,
    };
    let conflict = OnConflict::columns([Column::Tenant, Column::Id])
        .update_columns([
            Column::DisplayName,
            Column::Body,
            Column::ArchivedAt,
            Column::UpdatedAt,
            Column::Revision,
        ])
        .to_owned();
    write::insert::<macro_row::Entity>(tx, vec![row], Some(conflict)).await
}

fn read(row: macro_row::Model) -> Result<Macro, Error> {
    Ok(Macro {
        id: row.id,
        profile: row::read_json(&row.body)?,
        archived_at: row.archived_at.map(from_micros),
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
    })
}
