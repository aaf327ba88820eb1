//! Schedules: made, changed, read.

mod row;

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Utc};
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::{schedule, schedule_version};
use super::personal::Keyring;
use super::{Begun, Call, Store, schedule_users, write};
use crate::event::{Fact, ScheduleFact};
use crate::names;
use crate::schedule::{Change, Overview, Schedule, Version, Wanted};

impl Store {
    /// Makes a schedule.
    ///
    /// # Errors
    /// Precondition `SCHEDULE_FULL` when it is too large.
    pub async fn create_schedule<R, A>(&self, call: &Call, wanted: Wanted, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Overview) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let now = self.clock.now();
        let schedule = Schedule::new(self.ids.next(now), wanted, now)?;
        let answer = respond(&schedule.overview(now));
        let change = Change {
            new_versions: 1,
            fields: Vec::new(),
        };
        self.commit_schedule(tx, call, &answer, schedule, Some(change), now)
            .await?;
        Ok(answer)
    }

    /// Locks the schedule, lets `decide` change it, and answers with what `respond` makes of it; a non-empty `etag` must be
    /// the present one. `decide` runs where it may take its time. No change: nothing is written but the answer.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; whatever `decide` says, then nothing is written at all.
    pub async fn change_schedule<R, T, D, A>(
        &self,
        call: &Call,
        id: Uuid,
        etag: &str,
        decide: D,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        T: Send + 'static,
        D: FnOnce(&mut Schedule, DateTime<Utc>) -> Result<(T, Option<Change>), Error> + Send + 'static,
        A: FnOnce(&Overview, T) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut schedule = lock(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, schedule.revision)?;
        // Read under the lock, so that the times of versions are in their order.
        let now = self.clock.now();
        let deciding = tokio::task::spawn_blocking(move || {
            let decided = decide(&mut schedule, now)?;
            Ok::<_, Error>((schedule, decided))
        });
        let (schedule, (said, change)) = deciding
            .await
            .map_err(|cause| Error::internal("deciding about a schedule failed").caused_by(cause))??;
        let answer = respond(&schedule.overview(now), said);
        self.commit_schedule(tx, call, &answer, schedule, change, now).await?;
        Ok(answer)
    }

    /// Archives a schedule that nobody uses.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `SCHEDULE_IN_USE`, with the name of who uses it.
    pub async fn archive_schedule<R, A>(&self, call: &Call, id: Uuid, etag: &str, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Overview) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut schedule = lock(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, schedule.revision)?;
        if let Some(user) = schedule_users::first(&tx, &call.tenant, id).await? {
            return Err(Error::precondition("SCHEDULE_IN_USE", format!("{user} uses the schedule")).with("user", user));
        }
        let now = self.clock.now();
        let change = schedule.archive(now);
        let answer = respond(&schedule.overview(now));
        self.commit_schedule(tx, call, &answer, schedule, change, now).await?;
        Ok(answer)
    }

    /// The end of a change: new versions, the schedule, the event, the answer.
    async fn commit_schedule<R: Message>(
        &self,
        tx: Tx,
        call: &Call,
        answer: &R,
        schedule: Schedule,
        change: Option<Change>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut events = Vec::new();
        if let Some(change) = change {
            let written = schedule.versions.len() - change.new_versions;
            let rows = schedule.versions[written..]
                .iter()
                .map(|version| row::version_row(&call.tenant, schedule.id, version))
                .collect();
            write::insert::<schedule_version::Entity>(&tx, rows, None).await?;
            let conflict = OnConflict::columns([schedule::Column::Tenant, schedule::Column::Id])
                .update_columns([
                    schedule::Column::DisplayName,
                    schedule::Column::ArchivedAt,
                    schedule::Column::Revision,
                    schedule::Column::UpdatedAt,
                ])
                .to_owned();
            let row = row::schedule_row(&call.tenant, &schedule);
            write::insert::<schedule::Entity>(&tx, vec![row], Some(conflict)).await?;
            // Policies that name it promise something else from now on.
            super::row::raise_sla_revision(&tx, &call.tenant).await?;
            let at = now;
            let fact = ScheduleFact { schedule, change, at };
            events.push(self.event(call, Fact::Schedule(Box::new(fact)), now));
        }
        let nobody = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &nobody, answer, events, now).await
    }

    /// The present year, for imports that do not say which.
    pub fn present_year(&self) -> i32 {
        self.clock.now().year()
    }

    /// One schedule with all its versions.
    ///
    /// # Errors
    /// NotFound when the tenant has no such schedule.
    pub async fn schedule(&self, tenant: &str, id: Uuid) -> Result<Schedule, Error> {
        by_ids(self.db.reader(), tenant, &[id])
            .await?
            .remove(&id)
            .ok_or_else(|| not_found(id))
    }

    /// One schedule as it is now.
    ///
    /// # Errors
    /// NotFound when the tenant has no such schedule.
    pub async fn schedule_overview(&self, tenant: &str, id: Uuid) -> Result<Overview, Error> {
        Ok(self.schedule(tenant, id).await?.overview(self.clock.now()))
    }

    /// Schedules with ids below `before`, newest first.
    pub async fn schedules(
        &self,
        tenant: &str,
        archived: bool,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Overview>, Error> {
        let mut query = schedule::Entity::find().filter(schedule::Column::Tenant.eq(tenant));
        if let Some(id) = before {
            query = query.filter(schedule::Column::Id.lt(id));
        }
        if !archived {
            query = query.filter(schedule::Column::ArchivedAt.is_null());
        }
        let rows = query
            .order_by_desc(schedule::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        row::overviews(self.db.reader(), tenant, rows, self.clock.now()).await
    }

    /// Versions of a schedule with numbers below `before`, newest first.
    ///
    /// # Errors
    /// NotFound when the tenant has no such schedule.
    pub async fn schedule_versions(&self, tenant: &str, id: Uuid, before: Option<i32>) -> Result<Vec<Version>, Error> {
        let mut versions = self.schedule(tenant, id).await?.versions;
        versions.retain(|version| before.is_none_or(|before| version.number < before));
        versions.reverse();
        Ok(versions)
    }
}

/// The schedule, locked until the commit: whoever is to use it from now on looks whether it is archived under this lock.
pub async fn lock(tx: &Tx, tenant: &str, id: Uuid) -> Result<Schedule, Error> {
    schedule::Entity::find_by_id((tenant.to_owned(), id))
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?
        .ok_or_else(|| not_found(id))?;
    by_ids(tx.conn(), tenant, &[id])
        .await?
        .remove(&id)
        .ok_or_else(|| not_found(id))
}

/// These schedules of a tenant, with all their versions.
pub async fn by_ids<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Schedule>, Error> {
    let rows = schedule::Entity::find()
        .filter(schedule::Column::Tenant.eq(tenant))
        .filter(schedule::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await
        .map_err(error)?;
    let mut versions: HashMap<Uuid, Vec<Version>> = HashMap::new();
    let version_rows = schedule_version::Entity::find()
        .filter(schedule_version::Column::Tenant.eq(tenant))
        .filter(schedule_version::Column::ScheduleId.is_in(ids.iter().copied()))
        .order_by_asc(schedule_version::Column::Number)
        .all(conn)
        .await
        .map_err(error)?;
    for row in version_rows {
        versions
            .entry(row.schedule_id)
            .or_default()
            .push(row::read_version(row)?);
    }
    rows.into_iter()
        .map(|row| {
            let versions = versions.remove(&row.id).unwrap_or_default();
            Ok((row.id, row::read_schedule(row, versions)?))
        })
        .collect()
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(names::SCHEDULE, names::schedule(id))
}
