//! What a tenant defines: made, changed, put in order, enabled, archived, read. Every version is kept.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, event_log, from_micros, idempotency, micros};
use vorrang_error::Error;

use crate::automation::{AUTOMATIONS_MAX, Automation, Field, Profile, Ready, reorder};
use crate::custom::Definitions;
use crate::event::Fact;
use crate::filter;
use crate::names;
use crate::store::entity::automation::{self, Column};
use crate::store::entity::{automation_cursor, automation_version};
use crate::store::personal::Keyring;
use crate::store::{Begun, Call, Store, row, write};

impl Store {
    /// Makes an automation, the last in the order. It does nothing until it is enabled.
    ///
    /// # Errors
    /// Precondition `TOO_MANY_AUTOMATIONS`.
    pub async fn create_automation<R, A>(&self, call: &Call, profile: Profile, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Automation) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let there = current(tx.conn(), &call.tenant).await?;
        if there.len() >= AUTOMATIONS_MAX {
            return Err(Error::precondition(
                "TOO_MANY_AUTOMATIONS",
                format!("a tenant has at most {AUTOMATIONS_MAX} automations; archive one first"),
            ));
        }
        let now = self.clock.now();
        let position = there.iter().map(|one| one.position).max().unwrap_or_default() + 1;
        let made = Automation::new(self.ids.next(now), profile, position, now);
        let answer = respond(&made);
        self.finish_automations(tx, call, &answer, vec![made], now).await?;
        Ok(answer)
    }

    /// Changes one automation by `change`, which says whether it did; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; whatever `change` says.
    pub async fn change_automation<R, C, A>(
        &self,
        call: &Call,
        (id, etag): (Uuid, &str),
        change: C,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        C: FnOnce(&mut Automation, DateTime<Utc>) -> Result<bool, Error>,
        A: FnOnce(&Automation) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let mut found = lock(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, found.revision)?;
        let now = self.clock.now();
        let changed = change(&mut found, now)?;
        let answer = respond(&found);
        let changed = changed.then_some(found).into_iter().collect();
        self.finish_automations(tx, call, &answer, changed, now).await?;
        Ok(answer)
    }

    /// Changes the named fields of an automation.
    ///
    /// # Errors
    /// As [`Self::change_automation`]; Precondition `AUTOMATION_ARCHIVED`.
    pub async fn update_automation<R, A>(
        &self,
        call: &Call,
        which: (Uuid, &str),
        (profile, fields): (Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Automation) -> R,
    {
        self.change_automation(call, which, |one, now| one.update(profile, fields, now), respond)
            .await
    }

    /// Gives all automations new positions, in the order of `ids`.
    ///
    /// # Errors
    /// Conflict `AUTOMATIONS_CHANGED`.
    pub async fn reorder_automations<R, A>(&self, call: &Call, ids: &[Uuid], respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&[Automation]) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut all = current(tx.conn(), &call.tenant).await?;
        let changed = reorder(&mut all, ids, now)?;
        let answer = respond(&all);
        let changed = all
            .into_iter()
            .zip(changed)
            .filter_map(|(one, changed)| changed.then_some(one))
            .collect();
        self.finish_automations(tx, call, &answer, changed, now).await?;
        Ok(answer)
    }

    /// One automation, as it is or as it was defined in a version.
    ///
    /// # Errors
    /// NotFound when the tenant has no such automation, or it no such version.
    pub async fn automation(&self, tenant: &str, id: Uuid, version: Option<i64>) -> Result<Automation, Error> {
        let row = automation::Entity::find_by_id((tenant.to_owned(), id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        let mut found = row.map(read).transpose()?.ok_or_else(|| not_found(id))?;
        if let Some(version) = version {
            let row = automation_version::Entity::find_by_id((tenant.to_owned(), id, version))
                .one(self.db.reader())
                .await
                .map_err(error)?
                .ok_or_else(|| not_found(id))?;
            found.profile = row::read_json(&row.body)?;
            found.updated_at = from_micros(row.at);
            found.revision = row.revision;
        }
        Ok(found)
    }

    /// All automations in their order; archived ones last, if they are wanted.
    pub async fn automations(&self, tenant: &str, archived: bool) -> Result<Vec<Automation>, Error> {
        let mut all = current(self.db.reader(), tenant).await?;
        if archived {
            let rows = automation::Entity::find()
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::ArchivedAt.is_not_null())
                .order_by_asc(Column::Id)
                .all(self.db.reader())
                .await
                .map_err(error)?;
            for row in rows {
                all.push(read(row)?);
            }
        }
        Ok(all)
    }

    /// The end of a call that made or changed automations.
    async fn finish_automations<R: Message>(
        &self,
        mut tx: Tx,
        call: &Call,
        answer: &R,
        changed: Vec<Automation>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tenant = call.tenant.as_str();
        let enabled: Vec<Uuid> = changed
            .iter()
            .filter(|one| one.enabled_at == Some(now))
            .map(|one| one.id)
            .collect();
        if !changed.is_empty() {
            save(&tx, tenant, &changed).await?;
            begin_following(&tx, tenant).await?;
        }
        let events = changed
            .into_iter()
            .map(|one| self.event(call, Fact::Automation(Box::new(one)), now))
            .collect();
        // Nothing in it is personal.
        let keyring = Keyring::nobody(tenant);
        if !call.request_id.is_empty() {
            let answer = keyring.seal_answer(&call.request_id, &answer.encode_to_vec());
            idempotency::finish(&mut tx, tenant, &call.request_id, &answer).await?;
        }
        let told = write::append(&mut tx, &keyring, tenant, events, now).await?;
        if !enabled.is_empty() {
            // The place of the event that tells it: what stands before happened before.
            automation::Entity::update_many()
                .col_expr(Column::EnabledAfter, Expr::value(told))
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Id.is_in(enabled))
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        tx.commit().await
    }

    /// Everything that may be set off, in order.
    pub(super) async fn ready<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        definitions: &Definitions,
    ) -> Result<Vec<Ready>, Error> {
        let schema = filter::schema(definitions);
        let all = current(conn, tenant).await?;
        let enabled = all.into_iter().filter(|one| one.enabled_at.is_some());
        Ok(enabled.map(|one| Ready::new(one, &schema)).collect())
    }
}

/// The log is followed from its present end on: nothing before it sets anything off.
async fn begin_following(tx: &Tx, tenant: &str) -> Result<(), Error> {
    let seq = event_log::head(tx.conn(), tenant).await?;
    let first = automation_cursor::Model {
        tenant: tenant.to_owned(),
        seq,
    };
    let conflict = OnConflict::column(automation_cursor::Column::Tenant)
        .do_nothing()
        .to_owned();
    write::insert::<automation_cursor::Entity>(tx, vec![first], Some(conflict)).await
}

/// All that are not archived, in order.
async fn current<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Vec<Automation>, Error> {
    let rows = automation::Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::ArchivedAt.is_null())
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id)
        .all(conn)
        .await
        .map_err(error)?;
    rows.into_iter().map(read).collect()
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(names::AUTOMATION, names::automation(id))
}

async fn lock(tx: &Tx, tenant: &str, id: Uuid) -> Result<Automation, Error> {
    let row = automation::Entity::find_by_id((tenant.to_owned(), id))
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?;
    row.map(read).transpose()?.ok_or_else(|| not_found(id))
}

async fn save(tx: &Tx, tenant: &str, changed: &[Automation]) -> Result<(), Error> {
    let mut versions = Vec::new();
    let mut rows = Vec::new();
    for one in changed {
        let body = row::json(&one.profile);
        versions.push(automation_version::Model {
            tenant: tenant.to_owned(),
            automation_id: one.id,
            revision: one.revision,
            body: body.clone(),
            at: micros(one.updated_at),
        });
        rows.push(automation::Model {
            tenant: tenant.to_owned(),
            id: one.id,
            position: one.position,
            body,
            enabled_at: one.enabled_at.map(micros),
            enabled_after: one.enabled_after,
            archived_at: one.archived_at.map(micros),
            created_at: micros(one.created_at),
            updated_at: micros(one.updated_at),
            revision: one.revision,
            applied_count: one.applied_count,
            last_applied_at: one.last_applied_at.map(micros),
        });
    }
    write::insert::<automation_version::Entity>(tx, versions, None).await?;
    // Not the counts: those follow from what was applied meanwhile.
    let conflict = OnConflict::columns([Column::Tenant, Column::Id])
        .update_columns([
            Column::Position,
            Column::Body,
            Column::EnabledAt,
            Column::ArchivedAt,
            Column::UpdatedAt,
            Column::Revision,
        ])
        .to_owned();
    write::insert::<automation::Entity>(tx, rows, Some(conflict)).await
}

fn read(row: automation::Model) -> Result<Automation, Error> {
    Ok(Automation {
        id: row.id,
        profile: row::read_json(&row.body)?,
        position: row.position,
        enabled_at: row.enabled_at.map(from_micros),
        enabled_after: row.enabled_after,
        archived_at: row.archived_at.map(from_micros),
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
        applied_count: row.applied_count,
        last_applied_at: row.last_applied_at.map(from_micros),
    })
}
