//! Was this call answered before, or is its twin still running?

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};
use sha2::{Digest, Sha256};
use vorrang_error::Error;

use super::Begin;
use crate::tx::PendingCall;
use crate::{Engine, Tx, error, sql};

/// Longest request id in characters; a UUID has 36.
pub const REQUEST_ID_MAX: usize = 128;
/// When to ask again while a twin is running.
const TWIN_RETRY: Duration = Duration::from_millis(100);

/// Begins the call `request_id` of `tenant`; `request_hash` is over everything in the request but the id. `now` is
/// kept with the answer for [`super::purge`]. An empty id is always [`Begin::New`] and stores nothing.
///
/// # Errors
/// Invalid `REQUEST_ID_REUSED` for the same id with another request; Invalid for an id that is not 1 to
/// [`REQUEST_ID_MAX`] printable ASCII characters; Conflict `REQUEST_IN_PROGRESS` while a twin is running.
pub async fn begin(
    tx: &mut Tx,
    tenant: &str,
    request_id: &str,
    request_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Begin, Error> {
    let item = (request_id.to_owned(), request_hash);
    begin_many(tx, tenant, &[item], now)
        .await?
        .pop()
        .unwrap_or_else(|| Err(Error::internal("one call has one answer")))
}

/// [`begin`] for many calls at once, each with its own result in the same order; three statements however many. An
/// item whose result is an error must be left out of the work. An id that was begun in this transaction and has no answer
/// yet is `REQUEST_ID_REUSED` for another request, and `REQUEST_IN_PROGRESS` for the same one: who brings twins in one
/// batch knows the first one's answer and gives it to both. At most some hundred items per transaction: PostgreSQL holds
/// a lock for each.
///
/// # Errors
/// When the database fails; then no item was begun.
pub async fn begin_many(
    tx: &mut Tx,
    tenant: &str,
    items: &[(String, [u8; 32])],
    now: DateTime<Utc>,
) -> Result<Vec<Result<Begin, Error>>, Error> {
    tx.claim(tenant)?;
    let mut wanted: Vec<&str> = items
        .iter()
        .map(|(id, _)| id.as_str())
        .filter(|id| !id.is_empty() && valid(id))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let running = running(tx, tenant, &wanted).await?;
    // After the locks: a statement sees what was committed before it, and a twin commits before it unlocks.
    let answered = answered(tx, tenant, &wanted).await?;
    let mut begun: HashMap<String, [u8; 32]> = tx
        .pending()
        .iter()
        .map(|call| (call.request_id.clone(), call.request_hash))
        .collect();
    let mut results = Vec::with_capacity(items.len());
    for (id, hash) in items {
        results.push(if id.is_empty() {
            Ok(Begin::New)
        } else if !valid(id) {
            Err(Error::invalid_field(
                "request_id",
                format!("must be at most {REQUEST_ID_MAX} printable ASCII characters without spaces"),
            ))
        } else if let Some((stored_hash, response)) = answered.get(id) {
            if stored_hash == hash {
                Ok(Begin::Same(response.clone()))
            } else {
                Err(reused(id))
            }
        } else if running.contains(id) {
            Err(in_progress(id))
        } else if let Some(first) = begun.get(id) {
            Err(if first == hash { in_progress(id) } else { reused(id) })
        } else {
            begun.insert(id.clone(), *hash);
            tx.pending().push(PendingCall {
                request_id: id.clone(),
                request_hash: *hash,
                now,
            });
            Ok(Begin::New)
        });
    }
    Ok(results)
}

fn valid(id: &str) -> bool {
    id.len() <= REQUEST_ID_MAX && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn reused(id: &str) -> Error {
    Error::invalid_field(
        "request_id",
        "was used before for another request; use a new one, or repeat the first request unchanged",
    )
    .with_reason("REQUEST_ID_REUSED")
    .with("request_id", id)
}

fn in_progress(id: &str) -> Error {
    Error::conflict(
        "REQUEST_IN_PROGRESS",
        "a call with this request_id is still running: repeat it to get its answer",
    )
    .with("request_id", id)
    .with_retry_after(TWIN_RETRY)
}

/// Locks each id until the end of the transaction, without waiting, and gives those that another transaction holds.
async fn running(tx: &Tx, tenant: &str, ids: &[&str]) -> Result<HashSet<String>, Error> {
    // SQLite has one writer: whoever is here runs alone.
    if ids.is_empty() || tx.engine() == Engine::Sqlite {
        return Ok(HashSet::new());
    }
    let rows: Vec<String> = (1..=ids.len()).map(|index| format!("(${index}::bigint)")).collect();
    let sql = format!(
        "SELECT pg_try_advisory_xact_lock(key) FROM (VALUES {}) AS wanted(key)",
        rows.join(", ")
    );
    let keys: Vec<Value> = ids.iter().map(|id| lock_key(tenant, id).into()).collect();
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, keys);
    let locked = tx.conn().query_all_raw(statement).await.map_err(error)?;
    let mut running = HashSet::new();
    for (id, row) in ids.iter().zip(&locked) {
        if !row.try_get_by_index::<bool>(0).map_err(error)? {
            running.insert((*id).to_owned());
        }
    }
    Ok(running)
}

/// 64 bits of a hash. Two calls that meet by chance (one in 10^19) get a needless `REQUEST_IN_PROGRESS`, no wrong answer.
fn lock_key(tenant: &str, id: &str) -> i64 {
    let digest = Sha256::new()
        .chain_update(b"request\0")
        .chain_update(tenant)
        .chain_update(b"\0")
        .chain_update(id)
        .finalize();
    let mut key = [0; 8];
    key.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(key)
}

type Answers = HashMap<String, (Vec<u8>, Vec<u8>)>;

async fn answered(tx: &Tx, tenant: &str, ids: &[&str]) -> Result<Answers, Error> {
    if ids.is_empty() {
        return Ok(Answers::new());
    }
    let sql = format!(
        "SELECT request_id, request_hash, response FROM requests WHERE tenant = {} AND request_id IN ({})",
        sql::places(tx.engine(), 1, 1),
        sql::places(tx.engine(), 2, ids.len())
    );
    let mut values: Vec<Value> = vec![tenant.into()];
    values.extend(ids.iter().map(|id| Value::from(*id)));
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    let mut answers = Answers::new();
    for row in tx.conn().query_all_raw(statement).await.map_err(error)? {
        let id: String = row.try_get_by_index(0).map_err(error)?;
        let hash: Vec<u8> = row.try_get_by_index(1).map_err(error)?;
        let response: Vec<u8> = row.try_get_by_index(2).map_err(error)?;
        answers.insert(id, (hash, response));
    }
    Ok(answers)
}
