//! Rubrics and their versions.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::rubric;
use super::personal::Keyring;
use super::{Begun, Call, Store, row, write};
use crate::event::Fact;
use crate::names;
use crate::review::{RUBRICS_MAX, Rubric, RubricField};

impl Store {
    /// Makes a rubric.
    ///
    /// # Errors
    /// AlreadyExists `RUBRIC_EXISTS`; Precondition `TOO_MANY_RUBRICS`.
    pub async fn create_rubric<R, A>(&self, call: &Call, mut new: Rubric, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Rubric) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        if find(tx.conn(), &call.tenant, &new.id, None).await?.is_some() {
            return Err(Error::new(
                Kind::AlreadyExists,
                "RUBRIC_EXISTS",
                "there is a rubric of this name already",
            )
            .with("rubric", names::rubric(&new.id, None)));
        }
        let known = rubric::Entity::find()
            .filter(rubric::Column::Tenant.eq(&call.tenant))
            .filter(rubric::Column::Newest.eq(true))
            .count(tx.conn())
            .await
            .map_err(error)?;
        if known >= RUBRICS_MAX {
            let message = format!("a tenant has at most {RUBRICS_MAX} rubrics; change one that is not used any more");
            return Err(Error::precondition("TOO_MANY_RUBRICS", message));
        }
        let now = self.clock.now();
        new.created_at = now;
        new.updated_at = now;
        self.add_version(tx, call, new, respond, now).await
    }

    /// Makes the next version of a rubric; a non-empty `etag` must be that of its newest.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`.
    pub async fn update_rubric<R, A>(
        &self,
        call: &Call,
        etag: &str,
        (from, fields): (Rubric, &[RubricField]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Rubric) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let newest = get(tx.conn(), &call.tenant, &from.id, None).await?;
        vorrang_service::check_etag(etag, i64::from(newest.version))?;
        let Some(next) = newest.next(&from, fields, now) else {
            let answer = respond(&newest);
            self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, Vec::new(), now)
                .await?;
            return Ok(answer);
        };
        rubric::Entity::update_many()
            .col_expr(rubric::Column::Newest, sea_orm::sea_query::Expr::value(false))
            .filter(rubric::Column::Tenant.eq(&call.tenant))
            .filter(rubric::Column::Id.eq(&next.id))
            .filter(rubric::Column::Newest.eq(true))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        self.add_version(tx, call, next, respond, now).await
    }

    async fn add_version<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        rubric: Rubric,
        respond: A,
        now: DateTime<Utc>,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Rubric) -> R,
    {
        write::insert::<rubric::Entity>(&tx, vec![written(&call.tenant, &rubric)], None).await?;
        let answer = respond(&rubric);
        let events = vec![self.event(call, Fact::RubricDefined(rubric), now)];
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, events, now)
            .await?;
        Ok(answer)
    }

    /// One rubric: the version asked for, or its newest.
    ///
    /// # Errors
    /// NotFound when the tenant has no such rubric, or it has no such version.
    pub async fn rubric(&self, tenant: &str, id: &str, version: Option<i32>) -> Result<Rubric, Error> {
        get(self.db.reader(), tenant, id, version).await
    }

    /// The newest versions of rubrics with ids above `after`, by id.
    pub async fn rubrics(&self, tenant: &str, after: Option<&str>, limit: u64) -> Result<Vec<Rubric>, Error> {
        let mut query = rubric::Entity::find()
            .filter(rubric::Column::Tenant.eq(tenant))
            .filter(rubric::Column::Newest.eq(true));
        if let Some(id) = after {
            query = query.filter(rubric::Column::Id.gt(id));
        }
        let rows = query
            .order_by_asc(rubric::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(read).collect()
    }
}

async fn find<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    id: &str,
    version: Option<i32>,
) -> Result<Option<Rubric>, Error> {
    let query = rubric::Entity::find()
        .filter(rubric::Column::Tenant.eq(tenant))
        .filter(rubric::Column::Id.eq(id));
    let query = match version {
        Some(version) => query.filter(rubric::Column::Version.eq(version)),
        None => query.filter(rubric::Column::Newest.eq(true)),
    };
    query.one(conn).await.map_err(error)?.map(read).transpose()
}

/// One rubric of a tenant.
///
/// # Errors
/// NotFound.
pub async fn get<C: ConnectionTrait>(conn: &C, tenant: &str, id: &str, version: Option<i32>) -> Result<Rubric, Error> {
    find(conn, tenant, id, version)
        .await?
        .ok_or_else(|| Error::not_found(names::RUBRIC, names::rubric(id, version)))
}

fn written(tenant: &str, rubric: &Rubric) -> rubric::Model {
    rubric::Model {
        tenant: tenant.to_owned(),
        id: rubric.id.clone(),
        version: rubric.version,
        newest: true,
        display_name: rubric.display_name.clone(),
        items: row::json(&rubric.items),
        active: rubric.active,
        created_at: micros(rubric.created_at),
        updated_at: micros(rubric.updated_at),
    }
}

fn read(row: rubric::Model) -> Result<Rubric, Error> {
    Ok(Rubric {
        id: row.id,
        version: row.version,
        display_name: row.display_name,
        items: row::read_json(&row.items)?,
        active: row.active,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
    })
}
