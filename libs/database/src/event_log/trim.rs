//! Retention: the log may lose its beginning, never its middle.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement};
use vorrang_error::Error;

use crate::{Database, Tx, error, micros};

/// Removes the tenant's events up to and including position `upto`; positions beyond the head count as the head.
/// Followers that have not applied them are told `CURSOR_TOO_OLD` instead of skipping them. Gives how many were removed.
///
/// # Errors
/// When the database cannot be written.
pub async fn trim(tx: &mut Tx, tenant: &str, upto: i64) -> Result<u64, Error> {
    tx.claim(tenant)?;
    let backend = tx.conn().get_database_backend();
    let raise = Statement::from_sql_and_values(
        backend,
        "UPDATE event_heads SET floor = CASE WHEN $2 < seq THEN $2 ELSE seq END \
         WHERE tenant = $1 AND floor < $2 RETURNING floor",
        [tenant.into(), upto.into()],
    );
    let Some(row) = tx.conn().query_one_raw(raise).await.map_err(error)? else {
        return Ok(0);
    };
    let floor: i64 = row.try_get_by_index(0).map_err(error)?;
    let remove = Statement::from_sql_and_values(
        backend,
        "DELETE FROM events WHERE tenant = $1 AND seq <= $2",
        [tenant.into(), floor.into()],
    );
    let removed = tx.conn().execute_raw(remove).await.map_err(error)?;
    tx.mark_trimmed();
    Ok(removed.rows_affected())
}

/// The last of the `most` events after position `after` up to which all were recorded before `at`; `after` itself when the
/// next one was not, or there is none. Never looks at more than `most` events.
///
/// # Errors
/// When the database cannot be read.
pub async fn recorded_before(
    database: &Database,
    tenant: &str,
    after: i64,
    at: DateTime<Utc>,
    most: i64,
) -> Result<i64, Error> {
    let statement = Statement::from_sql_and_values(
        database.reader().get_database_backend(),
        "SELECT MAX(seq), MIN(CASE WHEN recorded_at >= $4 THEN seq END) FROM events \
         WHERE tenant = $1 AND seq > $2 AND seq <= $3",
        [
            tenant.into(),
            after.into(),
            after.saturating_add(most).into(),
            micros(at).into(),
        ],
    );
    let row = database
        .reader()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("an aggregate gave no row"))?;
    let last: Option<i64> = row.try_get_by_index(0).map_err(error)?;
    let first_kept: Option<i64> = row.try_get_by_index(1).map_err(error)?;
    Ok(first_kept.map_or(last.unwrap_or(after), |kept| kept - 1))
}
