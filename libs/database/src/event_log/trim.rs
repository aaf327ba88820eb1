//! Retention: the log may lose its beginning, never its middle.

use sea_orm::{ConnectionTrait, Statement};
use vorrang_error::Error;

use crate::{Tx, error};

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
    tx.mark_appended();
    Ok(removed.rows_affected())
}
