//! Who uses schedules: whoever names one in rows of their own looks for it here, so that it is not archived under them.

use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;

use super::sla;
use crate::names;

/// The first user of a schedule, as a resource name; read under the schedule's lock. Users take that lock before they
/// begin to name it.
pub async fn first(tx: &Tx, tenant: &str, schedule: Uuid) -> Result<Option<String>, Error> {
    let policy = sla::uses_schedule(tx.conn(), tenant, &names::schedule(schedule)).await?;
    Ok(policy.map(names::sla_policy))
}
