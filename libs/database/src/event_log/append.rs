//! Writing to the log.
//!
//! A counter that stands before a position this process has seen is that of an older copy: the database was restored and
//! nobody said so. Then the events are the first of a new epoch, which begins in the same commit, so that no position comes
//! twice with other content within one epoch. (A process that was not up before the restore cannot know: that is what
//! `renew_epoch` is for.)

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement};
use vorrang_error::Error;

use super::{NewEvent, entity, epoch};
use crate::{Tx, error, insert_rows, micros};

/// Largest payload: with its head it must fit into one gRPC message of 4 MiB.
pub const PAYLOAD_MAX: usize = 3 << 20;

/// Appends `events` in their order and gives the position of the last one.
///
/// Call it last in the transaction: it locks the tenant's counter row until the commit, so everything after it is time
/// in which no other change of the tenant can commit. `recorded_at` is the time of the commit by our clock.
///
/// # Errors
/// Internal when the transaction already wrote for another tenant, when there is nothing to append, or a payload is
/// larger than [`PAYLOAD_MAX`]: all three are defects of the caller.
pub async fn append(
    tx: &mut Tx,
    tenant: &str,
    recorded_at: DateTime<Utc>,
    events: Vec<NewEvent>,
) -> Result<i64, Error> {
    if events.is_empty() {
        return Err(Error::internal("no events to append"));
    }
    if let Some(event) = events.iter().find(|event| event.payload.len() > PAYLOAD_MAX) {
        return Err(Error::internal(format!(
            "event {} of kind {} has {} bytes, more than can be sent",
            event.id,
            event.kind,
            event.payload.len()
        )));
    }
    tx.claim(tenant)?;
    let count = i64::try_from(events.len()).map_err(|_| Error::internal("too many events"))?;
    let last = take_numbers(tx, tenant, count).await?;
    let mut seq = last - count;
    if seq < tx.known().head(tenant) {
        leave_lost_epoch(tx, tenant, seq).await?;
    }
    let rows = events.into_iter().map(|event| {
        seq += 1;
        entity::Model {
            tenant: tenant.to_owned(),
            seq,
            id: event.id,
            kind: event.kind,
            subject: event.subject,
            occurred_at: micros(event.occurred_at),
            recorded_at: micros(recorded_at),
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            trace_parent: event.trace_parent,
            payload: event.payload,
        }
    });
    insert_rows::<entity::Entity>(tx, rows.collect(), None).await?;
    tx.mark_appended(last);
    Ok(last)
}

/// The tenant's counter stood at `seq`, which is before what was seen. Somebody else may have noticed first: then this process
/// only has not heard yet.
async fn leave_lost_epoch(tx: &mut Tx, tenant: &str, seq: i64) -> Result<(), Error> {
    let present = epoch::lock(tx).await?;
    if tx.known().epoch().is_some_and(|known| known != present) {
        tx.known().adopt(present);
    }
    if seq < tx.known().head(tenant) {
        let fresh = epoch::begin_new(tx, present).await?;
        tracing::warn!(
            position = seq,
            seen = tx.known().head(tenant),
            "the log is an older copy of what it was: a new epoch begins, and followers are told to start again"
        );
        tx.mark_new_epoch(fresh);
    }
    Ok(())
}

async fn take_numbers(tx: &Tx, tenant: &str, count: i64) -> Result<i64, Error> {
    let statement = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "INSERT INTO event_heads (tenant, seq, floor) VALUES ($1, $2, 0) \
         ON CONFLICT (tenant) DO UPDATE SET seq = event_heads.seq + excluded.seq RETURNING seq",
        [tenant.into(), count.into()],
    );
    let row = tx.conn().query_one_raw(statement).await.map_err(error)?;
    row.ok_or_else(|| Error::internal("the counter row returned nothing"))?
        .try_get_by_index(0)
        .map_err(error)
}
