//! The schedules that policies name.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ConnectionTrait;
use uuid::Uuid;
use vorrang_calendar::Schedule;
use vorrang_database::Tx;
use vorrang_error::Error;

use crate::names;
use crate::store::schedules;

/// The schedules with these names, `schedules/{uuid}`, with all their versions. Those that are not there are left out.
pub async fn named<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    names: &BTreeSet<String>,
) -> Result<HashMap<String, Schedule>, Error> {
    let ids: Vec<Uuid> = names
        .iter()
        .filter_map(|name| names::parse_schedule(name).ok())
        .collect();
    let mut found = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for (id, schedule) in schedules::by_ids(conn, tenant, &ids).await? {
        found.insert(names::schedule(id), schedule.hours());
    }
    Ok(found)
}

/// Locks the schedule that a policy is to name, before the tenant.
///
/// # Errors
/// NotFound when the tenant has no such schedule; Precondition `SCHEDULE_ARCHIVED`.
pub async fn lock(tx: &Tx, tenant: &str, name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else { return Ok(()) };
    let id = names::parse_schedule(name).map_err(|why| Error::invalid_field("sla_policy.schedule", why))?;
    let schedule = schedules::lock(tx, tenant, id).await?;
    if schedule.archived_at.is_some() {
        return Err(Error::precondition(
            "SCHEDULE_ARCHIVED",
            "the schedule is archived; restore it or take another one",
        )
        .with("schedule", name));
    }
    Ok(())
}
