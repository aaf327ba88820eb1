//! New ids: UUIDv7 of the injected clock.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use uuid::timestamp::context::ContextV7;
use uuid::{Timestamp, Uuid};

/// Makes ids that sort in the order in which this process made them. Clones share the counter that keeps those of one
/// millisecond in order.
#[derive(Clone, Default)]
pub struct Ids(Arc<Mutex<ContextV7>>);

impl Ids {
    /// An id made at `now`. Times before 1970 count as 1970.
    pub fn next(&self, now: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let nanos = now.timestamp_subsec_nanos().min(999_999_999);
        Uuid::new_v7(Timestamp::from_unix(&*self.0, seconds, nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_are_in_order() {
        let ids = Ids::default();
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
        let made: Vec<Uuid> = (0..1_000).map(|_| ids.next(now)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(made[0].get_version_num(), 7);
    }
}
