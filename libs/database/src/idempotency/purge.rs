//! Forgetting old answers.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, Statement};
use vorrang_error::Error;

use crate::{Database, error, micros};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::days(7);
/// Most answers removed in one transaction, so that SQLite's writer is never held for long.
const BATCH: i64 = 5_000;

/// Removes the answers of all tenants that are older than [`KEPT`] at `now`, at most some thousand a call, and gives
/// how many. Call it again while it gives more than 0.
///
/// # Errors
/// When the database cannot be written.
pub async fn purge(database: &Database, now: DateTime<Utc>) -> Result<u64, Error> {
    let tx = database.begin().await?;
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "DELETE FROM requests WHERE (tenant, request_id) IN \
         (SELECT tenant, request_id FROM requests WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        [micros(now - KEPT).into(), BATCH.into()],
    );
    let removed = tx.conn().execute_raw(statement).await.map_err(error)?;
    tx.commit().await?;
    Ok(removed.rows_affected())
}
