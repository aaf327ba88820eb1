//! Positions of named consumers: how far each has come in a tenant's log, kept beside the log for those who have no place of
//! their own to keep it.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;
use vorrang_error::Error;

use crate::{Database, Tx, error, from_micros, micros};

/// A consumer with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Unique within the tenant.
    pub name: String,
    /// The epoch it has read in; means nothing in a later one.
    pub epoch: Uuid,
    /// The last position it has applied.
    pub seq: i64,
    /// When it first committed.
    pub created_at: DateTime<Utc>,
    /// When it last committed.
    pub committed_at: DateTime<Utc>,
    /// Position of the last event of the tenant's log.
    pub head: i64,
    /// The last position that retention has removed.
    pub floor: i64,
    /// When the oldest kept event after `seq` was recorded; none: there is none.
    pub next_recorded_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "SELECT c.name, c.epoch, c.seq, c.created_at, c.committed_at, COALESCE(h.seq, 0), COALESCE(h.floor, 0), \
     (SELECT e.recorded_at FROM events e WHERE e.tenant = c.tenant \
     AND e.seq = (CASE WHEN c.seq < h.floor THEN h.floor ELSE c.seq END) + 1) \
     FROM event_consumers c LEFT JOIN event_heads h ON h.tenant = c.tenant WHERE c.tenant = $1";

/// One consumer.
///
/// # Errors
/// When the database cannot be read.
pub async fn consumer(database: &Database, tenant: &str, name: &str) -> Result<Option<Consumer>, Error> {
    let statement = Statement::from_sql_and_values(
        database.reader().get_database_backend(),
        format!("{COLUMNS} AND c.name = $2"),
        [tenant.into(), name.into()],
    );
    let row = database.reader().query_one_raw(statement).await.map_err(error)?;
    row.as_ref().map(stored).transpose().map_err(error)
}

/// The tenant's consumers with names after `after`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn consumers(database: &Database, tenant: &str, after: &str, limit: u64) -> Result<Vec<Consumer>, Error> {
    let statement = Statement::from_sql_and_values(
        database.reader().get_database_backend(),
        format!("{COLUMNS} AND c.name > $2 ORDER BY c.name LIMIT $3"),
        [
            tenant.into(),
            after.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    );
    let rows = database.reader().query_all_raw(statement).await.map_err(error)?;
    rows.iter().map(|row| stored(row).map_err(error)).collect()
}

fn stored(row: &QueryResult) -> Result<Consumer, sea_orm::DbErr> {
    Ok(Consumer {
        name: row.try_get_by_index(0)?,
        epoch: row.try_get_by_index(1)?,
        seq: row.try_get_by_index(2)?,
        created_at: from_micros(row.try_get_by_index(3)?),
        committed_at: from_micros(row.try_get_by_index(4)?),
        head: row.try_get_by_index(5)?,
        floor: row.try_get_by_index(6)?,
        next_recorded_at: row.try_get_by_index::<Option<i64>>(7)?.map(from_micros),
    })
}

/// Where a consumer stood before, if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The epoch of its position.
    pub epoch: Uuid,
    /// The last position it has applied.
    pub seq: i64,
}

/// Locks a consumer until the end of the transaction, and gives where it stands; none: the tenant has no such consumer.
///
/// # Errors
/// When the database cannot be read.
pub async fn lock_consumer(tx: &mut Tx, tenant: &str, name: &str) -> Result<Option<Standing>, Error> {
    tx.claim(tenant)?;
    let lock = match tx.engine() {
        crate::Engine::Postgres => " FOR UPDATE",
        crate::Engine::Sqlite => "",
    };
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        format!("SELECT epoch, seq FROM event_consumers WHERE tenant = $1 AND name = $2{lock}"),
        [tenant.into(), name.into()],
    );
    let row = tx.conn().query_one_raw(statement).await.map_err(error)?;
    row.map(|row| {
        Ok(Standing {
            epoch: row.try_get_by_index(0)?,
            seq: row.try_get_by_index(1)?,
        })
    })
    .transpose()
    .map_err(error)
}

/// How many consumers the tenant has.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_consumers(tx: &Tx, tenant: &str) -> Result<i64, Error> {
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "SELECT COUNT(*) FROM event_consumers WHERE tenant = $1",
        [tenant.into()],
    );
    tx.conn()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("an aggregate gave no row"))?
        .try_get_by_index(0)
        .map_err(error)
}

/// Notes how far a consumer has come, whatever it stood at. Two first commits at once make one consumer.
///
/// # Errors
/// When the database cannot be written.
pub async fn put_consumer(
    tx: &mut Tx,
    tenant: &str,
    name: &str,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    tx.claim(tenant)?;
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "INSERT INTO event_consumers (tenant, name, epoch, seq, created_at, committed_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (tenant, name) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, \
         committed_at = excluded.committed_at",
        [
            tenant.into(),
            name.into(),
            standing.epoch.into(),
            standing.seq.into(),
            micros(now).into(),
        ],
    );
    tx.conn().execute_raw(statement).await.map_err(error)?;
    Ok(())
}

/// Forgets a consumer; gives whether there was one.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_consumer(tx: &mut Tx, tenant: &str, name: &str) -> Result<bool, Error> {
    tx.claim(tenant)?;
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "DELETE FROM event_consumers WHERE tenant = $1 AND name = $2",
        [tenant.into(), name.into()],
    );
    let removed = tx.conn().execute_raw(statement).await.map_err(error)?;
    Ok(removed.rows_affected() > 0)
}

/// The position of the tenant's slowest consumer in `epoch`; none: it has no consumers there.
///
/// # Errors
/// When the database cannot be read.
pub async fn slowest(database: &Database, tenant: &str, epoch: Uuid) -> Result<Option<i64>, Error> {
    let statement = Statement::from_sql_and_values(
        database.reader().get_database_backend(),
        "SELECT MIN(seq) FROM event_consumers WHERE tenant = $1 AND epoch = $2",
        [tenant.into(), epoch.into()],
    );
    database
        .reader()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("an aggregate gave no row"))?
        .try_get_by_index(0)
        .map_err(error)
}

/// Of all tenants' consumers in the present epoch: the most events that one is behind, and when the oldest event was recorded
/// that one of them has not applied.
///
/// # Errors
/// When the database cannot be read.
pub async fn furthest_behind(database: &Database) -> Result<(i64, Option<DateTime<Utc>>), Error> {
    let statement = Statement::from_string(
        database.reader().get_database_backend(),
        "SELECT COALESCE(MAX(h.seq - c.seq), 0), MIN((SELECT e.recorded_at FROM events e WHERE e.tenant = c.tenant \
         AND e.seq = (CASE WHEN c.seq < h.floor THEN h.floor ELSE c.seq END) + 1)) \
         FROM event_consumers c JOIN event_epoch l ON l.epoch = c.epoch JOIN event_heads h ON h.tenant = c.tenant",
    );
    let row = database
        .reader()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("an aggregate gave no row"))?;
    let oldest: Option<i64> = row.try_get_by_index(1).map_err(error)?;
    Ok((row.try_get_by_index(0).map_err(error)?, oldest.map(from_micros)))
}
