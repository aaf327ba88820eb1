//! Which life of the log this is. Positions mean the same only within one epoch.

use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;
use vorrang_error::Error;

use crate::{Database, Engine, Tx, error};

/// The log's epoch: made by the first migration, changed by [`renew_epoch`], [`leave_epoch`] and by the first append after a
/// restore that this process has seen.
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
    let mut tx = database.begin().await?;
    let present = lock(&tx).await?;
    let fresh = begin_new(&tx, present).await?;
    tx.mark_new_epoch(fresh);
    tx.commit().await?;
    Ok(fresh)
}

/// Starts a new epoch if the log is still in `lost`: for whoever has seen that the log was restored to an older copy. Others
/// may see it at the same time; one of them does it. Gives the epoch in force.
///
/// # Errors
/// When the database cannot be written.
pub async fn leave_epoch(database: &Database, lost: Uuid) -> Result<Uuid, Error> {
    let mut tx = database.begin().await?;
    let present = lock(&tx).await?;
    if present != lost {
        tx.rollback().await?;
        return Ok(present);
    }
    let fresh = begin_new(&tx, lost).await?;
    tx.mark_new_epoch(fresh);
    tx.commit().await?;
    Ok(fresh)
}

/// The epoch, locked until the end of the transaction. Taken last of all, after the tenant's counter.
pub(super) async fn lock(tx: &Tx) -> Result<Uuid, Error> {
    let lock = match tx.engine() {
        Engine::Postgres => " FOR UPDATE",
        Engine::Sqlite => "",
    };
    let statement = Statement::from_string(
        tx.conn().get_database_backend(),
        format!("SELECT epoch FROM event_epoch WHERE life = 1{lock}"),
    );
    tx.conn()
        .query_one_raw(statement)
        .await
        .map_err(error)?
        .ok_or_else(|| Error::internal("the log has no epoch"))?
        .try_get_by_index(0)
        .map_err(error)
}

/// Writes a new epoch in place of `present`, which the caller has locked.
pub(super) async fn begin_new(tx: &Tx, present: Uuid) -> Result<Uuid, Error> {
    let fresh = Uuid::new_v4();
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "UPDATE event_epoch SET epoch = $1 WHERE life = 1 AND epoch = $2",
        [fresh.into(), present.into()],
    );
    let changed = tx.conn().execute_raw(statement).await.map_err(error)?;
    if changed.rows_affected() != 1 {
        return Err(Error::internal("the log has no epoch"));
    }
    Ok(fresh)
}
