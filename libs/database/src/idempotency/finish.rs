//! Storing the answer with the effect.

use sea_orm::{ConnectionTrait, Statement, Value};
use vorrang_error::Error;

use crate::tx::PendingCall;
use crate::{Tx, error, micros, sql};

const COLUMNS: usize = 5;
/// Rows per statement; see the limits in `event_log::append`.
const ROWS: usize = 6_000;

/// Stores the encoded answer of a call that [`super::begin`] said is new. An empty id stores nothing.
///
/// # Errors
/// Internal for an id that was not begun in this transaction.
pub async fn finish(tx: &mut Tx, tenant: &str, request_id: &str, response: &[u8]) -> Result<(), Error> {
    finish_many(tx, tenant, vec![(request_id.to_owned(), response.to_vec())]).await
}

/// [`finish`] for many calls, in one insert.
///
/// # Errors
/// Internal for an id that was not begun in this transaction.
pub async fn finish_many(tx: &mut Tx, tenant: &str, responses: Vec<(String, Vec<u8>)>) -> Result<(), Error> {
    tx.claim(tenant)?;
    let mut rows = Vec::with_capacity(responses.len());
    for (id, response) in responses {
        if id.is_empty() {
            continue;
        }
        let index = tx.pending().iter().position(|call| call.request_id == id);
        let Some(index) = index else {
            return Err(Error::internal(format!("request id {id} was not begun")));
        };
        rows.push((tx.pending().swap_remove(index), response));
    }
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<_> = rows.by_ref().take(ROWS).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        insert(tx, tenant, chunk).await?;
    }
}

async fn insert(tx: &Tx, tenant: &str, rows: Vec<(PendingCall, Vec<u8>)>) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO requests (tenant, request_id, request_hash, response, created_at) VALUES {}",
        sql::rows(tx.engine(), rows.len(), COLUMNS)
    );
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
    for (call, response) in rows {
        values.extend([
            tenant.into(),
            call.request_id.into(),
            call.request_hash.to_vec().into(),
            response.into(),
            micros(call.now).into(),
        ]);
    }
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    tx.conn().execute_raw(statement).await.map_err(error)?;
    Ok(())
}
