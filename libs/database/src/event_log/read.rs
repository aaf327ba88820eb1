//! Reading the log.

use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;
use vorrang_error::Error;

use super::StoredEvent;
use crate::{Database, error, from_micros};

/// One [`read`] gives at most this many bytes (payloads and about half a kilobyte of head each), but always one event.
pub const READ_BYTES: i64 = 1 << 20;

/// The next events after position `after`, in order: at most `limit`, and at most [`READ_BYTES`].
///
/// # Errors
/// When the database cannot be read.
pub async fn read(database: &Database, tenant: &str, after: i64, limit: u64) -> Result<Vec<StoredEvent>, Error> {
    // First, once, where to stop: from lengths, which both engines know without loading the payloads. Then the rows, by
    // the range of the primary key: no engine can plan that over the whole log.
    let upto = after.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX));
    let statement = Statement::from_sql_and_values(
        database.reader().get_database_backend(),
        "SELECT seq, id, kind, subject, occurred_at, recorded_at, actor_kind, actor_id, trace_parent, payload FROM events \
         WHERE tenant = $1 AND seq > $2 AND seq <= (SELECT MAX(seq) FROM (SELECT seq, \
         SUM(length(payload) + 512) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS total FROM events \
         WHERE tenant = $1 AND seq > $2 AND seq <= $3) sized WHERE total <= $4 OR seq = $2 + 1) ORDER BY seq",
        [tenant.into(), after.into(), upto.into(), READ_BYTES.into()],
    );
    let rows = database.reader().query_all_raw(statement).await.map_err(error)?;
    rows.iter().map(|row| stored(tenant, row).map_err(error)).collect()
}

fn stored(tenant: &str, row: &QueryResult) -> Result<StoredEvent, sea_orm::DbErr> {
    Ok(StoredEvent {
        tenant: tenant.to_owned(),
        seq: row.try_get_by_index(0)?,
        id: row.try_get_by_index(1)?,
        kind: row.try_get_by_index(2)?,
        subject: row.try_get_by_index(3)?,
        occurred_at: from_micros(row.try_get_by_index(4)?),
        recorded_at: from_micros(row.try_get_by_index(5)?),
        actor_kind: row.try_get_by_index(6)?,
        actor_id: row.try_get_by_index(7)?,
        trace_parent: row.try_get_by_index(8)?,
        payload: row.try_get_by_index(9)?,
    })
}

/// Where one tenant's log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose log.
    pub tenant: String,
    /// Position of the last committed event.
    pub seq: i64,
    /// The last position that retention has removed; 0: the log is whole.
    pub floor: i64,
}

/// Where all logs stand, in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which life of the log this is.
    pub epoch: Uuid,
    /// A head for each tenant that has ever had an event, in no particular order.
    pub heads: Vec<Head>,
}

/// Where all logs stand.
///
/// # Errors
/// When the database cannot be read, or was not migrated.
pub async fn state(database: &Database) -> Result<State, Error> {
    let statement = Statement::from_string(
        database.reader().get_database_backend(),
        "SELECT e.epoch, h.tenant, h.seq, h.floor FROM event_epoch e LEFT JOIN event_heads h ON TRUE",
    );
    let rows = database.reader().query_all_raw(statement).await.map_err(error)?;
    let epoch = rows
        .first()
        .ok_or_else(|| Error::internal("the log has no epoch"))?
        .try_get_by_index(0)
        .map_err(error)?;
    let mut heads = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(tenant) = row.try_get_by_index(1).map_err(error)? else {
            continue;
        };
        heads.push(Head {
            tenant,
            seq: row.try_get_by_index(2).map_err(error)?,
            floor: row.try_get_by_index(3).map_err(error)?,
        });
    }
    Ok(State { epoch, heads })
}

/// The last position of each tenant that has ever had an event.
///
/// # Errors
/// When the database cannot be read.
pub async fn heads(database: &Database) -> Result<Vec<(String, i64)>, Error> {
    Ok(state(database)
        .await?
        .heads
        .into_iter()
        .map(|head| (head.tenant, head.seq))
        .collect())
}

/// The last position of one tenant; 0 when it has no events. Works on a [`crate::Tx`]'s connection too.
///
/// A snapshot for followers reads the head *first* and the rows after it: what is then in the rows and behind the head
/// as well is applied twice, which followers can do; nothing is left out.
///
/// # Errors
/// When the database cannot be read.
pub async fn head<C: ConnectionTrait>(connection: &C, tenant: &str) -> Result<i64, Error> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT seq FROM event_heads WHERE tenant = $1",
        [tenant.into()],
    );
    match connection.query_one_raw(statement).await.map_err(error)? {
        Some(row) => row.try_get_by_index(0).map_err(error),
        None => Ok(0),
    }
}
