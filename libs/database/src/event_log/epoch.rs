//! Which life of the log this is. Positions mean the same only within one epoch.

use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;
use vorrang_error::Error;

use crate::{Database, error};

/// The log's epoch: made by the first migration, changed by [`renew_epoch`] only.
///
/// # Errors
/// When the database cannot be read, or was not migrated.
pub async fn epoch(database: &Database) -> Result<Uuid, Error> {
    let statement = Statement::from_string(
        database.reader().get_database_backend(),
        "SELECT epoch FROM event_epoch WHERE life = 1",
    );
    database
        .reader()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("the log has no epoch"))?
        .try_get_by_index(0)
        .map_err(error)
}

/// Starts a new epoch and gives it. To be run after a restore or a failover to an older copy, before the service
/// starts: positions are given out again with other content, so every follower must be told to rebuild.
///
/// # Errors
/// When the database cannot be written.
pub async fn renew_epoch(database: &Database) -> Result<Uuid, Error> {
    let fresh = Uuid::new_v4();
    let tx = database.begin().await?;
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "UPDATE event_epoch SET epoch = $1 WHERE life = 1",
        [fresh.into()],
    );
    let changed = tx.conn().execute_raw(statement).await.map_err(error)?;
    if changed.rows_affected() != 1 {
        return Err(Error::internal("the log has no epoch"));
    }
    tx.commit().await?;
    Ok(fresh)
}
