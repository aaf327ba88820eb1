//! Writing payloads anew. The log does not change for anybody who reads it; what changes is how a payload lies in it (with
//! which key a part of it is sealed), or that personal data is not in it any more.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;
use vorrang_error::Error;

use crate::{Tx, error, micros};

/// An event whose payload may be written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Position in the tenant's log.
    pub seq: i64,
    /// The event's id.
    pub id: Uuid,
    /// As it lies in the log.
    pub payload: Vec<u8>,
}

/// The events of `kind` that were recorded just at `at`, of those after position `after`, in order. The caller says where to begin
/// and to end (see [`super::before`]), so that it costs what lies between.
///
/// # Errors
/// When the database cannot be read.
pub async fn recorded_just_at(
    tx: &Tx,
    tenant: &str,
    kind: &str,
    at: DateTime<Utc>,
    (after, upto): (i64, i64),
) -> Result<Vec<Payload>, Error> {
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "SELECT seq, id, payload FROM events WHERE tenant = $1 AND seq > $2 AND seq <= $3 AND recorded_at = $4 AND kind = $5 \
         ORDER BY seq",
        [tenant.into(), after.into(), upto.into(), micros(at).into(), kind.into()],
    );
    read(tx, statement).await
}

/// All events about `subject`, in order. Reads the tenant's whole log unless the owner has an index on it.
///
/// # Errors
/// When the database cannot be read.
pub async fn about(tx: &Tx, tenant: &str, subject: &str) -> Result<Vec<Payload>, Error> {
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "SELECT seq, id, payload FROM events WHERE tenant = $1 AND subject = $2 ORDER BY seq",
        [tenant.into(), subject.into()],
    );
    read(tx, statement).await
}

async fn read(tx: &Tx, statement: Statement) -> Result<Vec<Payload>, Error> {
    let rows = tx.conn().query_all_raw(statement).await.map_err(error)?;
    let payload = |row: &QueryResult| {
        Ok(Payload {
            seq: row.try_get_by_index(0)?,
            id: row.try_get_by_index(1)?,
            payload: row.try_get_by_index(2)?,
        })
    };
    rows.iter()
        .map(payload)
        .collect::<Result<_, sea_orm::DbErr>>()
        .map_err(error)
}

/// Writes the payload of an event anew.
///
/// # Errors
/// When the database cannot be written.
pub async fn rewrite(tx: &Tx, tenant: &str, seq: i64, payload: Vec<u8>) -> Result<(), Error> {
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "UPDATE events SET payload = $1 WHERE tenant = $2 AND seq = $3",
        [payload.into(), tenant.into(), seq.into()],
    );
    tx.conn().execute_raw(statement).await.map_err(error)?;
    Ok(())
}
