//! Customers whom ticketing has erased, as a service that keeps something of theirs knows them, and how far it has read of that.
//!
//! Guarantees: what is written about a customer under [`hold`] is there before [`mark`] gives the right to remove everything, or
//! [`hold`] says that the customer is erased. A name outlives its customer, since a sender may repeat what came from them; it is
//! the id of nobody.

mod migration;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};
use vorrang_error::Error;

use crate::{Database, Engine, Tx, error, micros, sql};

pub use migration::Migration;

/// Those of `customers` (`customers/{uuid}`) who are erased. The others are not until this transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &Tx, tenant: &str, customers: &BTreeSet<&str>) -> Result<HashSet<String>, Error> {
    if customers.is_empty() {
        return Ok(HashSet::new());
    }
    // In one order, so that nobody waits for each other; all at once, since a push may be of hundreds of customers.
    lock(tx, "pg_advisory_xact_lock_shared", tenant, customers.iter().copied()).await?;
    let sql = format!(
        "SELECT customer FROM erased_customers WHERE tenant = {} AND customer IN ({})",
        sql::places(tx.engine(), 1, 1),
        sql::places(tx.engine(), 2, customers.len())
    );
    let values = std::iter::once(tenant)
        .chain(customers.iter().copied())
        .map(Value::from);
    let found = tx
        .conn()
        .query_all_raw(statement(tx, &sql, values))
        .await
        .map_err(error)?;
    found.iter().map(|row| row.try_get_by_index(0).map_err(error)).collect()
}

/// Notes that `customer` is erased: whatever is written about them was written before, and can be read by this transaction.
///
/// # Errors
/// When the database fails.
pub async fn mark(tx: &Tx, tenant: &str, customer: &str, now: DateTime<Utc>) -> Result<(), Error> {
    lock(tx, "pg_advisory_xact_lock", tenant, [customer]).await?;
    let sql = "INSERT INTO erased_customers (tenant, customer, erased_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let values = [tenant.into(), customer.into(), micros(now).into()];
    tx.conn().execute_raw(statement(tx, sql, values)).await.map_err(error)?;
    Ok(())
}

/// SQLite has one writer at a time.
async fn lock<'a>(
    tx: &Tx,
    kind: &str,
    tenant: &str,
    customers: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    if tx.engine() == Engine::Postgres {
        let sql = format!("SELECT {kind}(hashtextextended(key, 0)) FROM (SELECT unnest($1::text[]) AS key) keys");
        let keys = customers.into_iter().map(|customer| format!("{tenant}/{customer}"));
        let keys: Vec<String> = keys.collect();
        tx.conn()
            .query_all_raw(statement(tx, &sql, [keys.into()]))
            .await
            .map_err(error)?;
    }
    Ok(())
}

/// Up to where each tenant's erasures are carried out: cursors of ticketing's feed.
///
/// # Errors
/// When the database fails.
pub async fn cursors(database: &Database) -> Result<BTreeMap<String, String>, Error> {
    let reader = database.reader();
    let sql = "SELECT tenant, cursor FROM erasure_cursors";
    let rows = reader
        .query_all_raw(Statement::from_string(reader.get_database_backend(), sql))
        .await;
    let read = |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows.map_err(error)?
        .iter()
        .map(read)
        .collect::<Result<_, sea_orm::DbErr>>()
        .map_err(error)
}

/// Moves a tenant's cursor, with the effect of what lies before it.
///
/// # Errors
/// When the database fails.
pub async fn put_cursor(tx: &Tx, tenant: &str, cursor: &str) -> Result<(), Error> {
    let sql = "INSERT INTO erasure_cursors (tenant, cursor) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET cursor = excluded.cursor";
    tx.conn()
        .execute_raw(statement(tx, sql, [tenant.into(), cursor.into()]))
        .await
        .map_err(error)?;
    Ok(())
}

/// Forgets all cursors: the log they belong to is not there any more. Erasing again what is erased does nothing.
///
/// # Errors
/// When the database fails.
pub async fn forget_cursors(database: &Database) -> Result<(), Error> {
    let tx = database.begin().await?;
    tx.conn()
        .execute_unprepared("DELETE FROM erasure_cursors")
        .await
        .map_err(error)?;
    tx.commit().await
}

fn statement(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values)
}
