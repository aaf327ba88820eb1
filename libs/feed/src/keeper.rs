//! Housekeeping of a log: what is no longer kept goes, and how far consumers are behind is measured.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_database::{Database, event_log};
use vorrang_error::Error;

use crate::{Owner, metrics};

/// Retention counts in days: an hour more or less is no matter.
const TRIM_EVERY: Duration = Duration::from_secs(3_600);
/// How often lag is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(15);
/// Most events removed in one transaction, so that writers never wait for long.
const BATCH: i64 = 1_000;

/// How long events are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days after which an event may be removed; 0: never.
    pub days: u32,
    /// For so many days more it is kept for named consumers that have not applied it.
    pub hold_days: u32,
}

pub(crate) struct Keeper {
    owner: Owner,
    database: Database,
    clock: SharedClock,
    retention: Retention,
}

impl Keeper {
    pub fn new(owner: Owner, database: Database, clock: SharedClock, retention: Retention) -> Self {
        Self {
            owner,
            database,
            clock,
            retention,
        }
    }

    /// Keeps house until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.forever() => {}
        }
    }

    async fn forever(&self) {
        let mut trim_at = Instant::now();
        loop {
            if let Err(error) = self.measure().await {
                tracing::debug!(error = error.chain(), "the lag of consumers was not measured");
            }
            if Instant::now() >= trim_at {
                trim_at += TRIM_EVERY;
                if let Err(error) = self.trim().await {
                    tracing::warn!(error = error.chain(), "old events were not removed");
                }
            }
            tokio::time::sleep(MEASURE_EVERY).await;
        }
    }

    async fn measure(&self) -> Result<(), Error> {
        let (events, oldest) = event_log::furthest_behind(&self.database).await?;
        let lag = oldest.map_or(TimeDelta::zero(), |at| (self.clock.now() - at).max(TimeDelta::zero()));
        metrics::furthest_behind(self.owner, events, lag);
        Ok(())
    }

    /// See [`crate::Feed::trim`].
    pub async fn trim(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let Some(limits) = Limits::new(self.retention, now) else {
            return Ok(0);
        };
        let state = event_log::state(&self.database).await?;
        let mut removed = 0;
        for head in state.heads {
            let slowest = event_log::slowest(&self.database, &head.tenant, state.epoch).await?;
            removed += self.trim_tenant(&head.tenant, head.floor, slowest, limits).await?;
        }
        if removed > 0 {
            metrics::removed(self.owner, removed);
            tracing::info!(events = removed, feed = self.owner.name(), "old events were removed");
        }
        Ok(removed)
    }

    async fn trim_tenant(
        &self,
        tenant: &str,
        mut floor: i64,
        slowest: Option<i64>,
        limits: Limits,
    ) -> Result<u64, Error> {
        let mut removed = 0;
        loop {
            let old = event_log::recorded_before(&self.database, tenant, floor, limits.may_go, BATCH).await?;
            let mut upto = old;
            if let Some(applied) = slowest.filter(|applied| *applied < old) {
                // Somebody still wants some of it: only what is past the bound goes regardless.
                let past = event_log::recorded_before(&self.database, tenant, floor, limits.must_go, BATCH).await?;
                upto = applied.max(past).min(old);
            }
            if upto <= floor {
                return Ok(removed);
            }
            let mut tx = self.database.begin().await?;
            removed += event_log::trim(&mut tx, tenant, upto).await?;
            tx.commit().await?;
            if upto < floor + BATCH {
                return Ok(removed);
            }
            floor = upto;
        }
    }
}

/// Recorded before which an event may go, and before which it goes whoever still wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    may_go: DateTime<Utc>,
    must_go: DateTime<Utc>,
}

impl Limits {
    /// None: everything is kept.
    fn new(retention: Retention, now: DateTime<Utc>) -> Option<Self> {
        let days = |count: u32| TimeDelta::days(i64::from(count));
        (retention.days > 0).then(|| Self {
            may_go: now - days(retention.days),
            must_go: now - days(retention.days) - days(retention.hold_days),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_days_keep_everything() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
        assert_eq!(Limits::new(Retention::default(), now), None);
        let hold = Retention { days: 0, hold_days: 5 };
        assert_eq!(Limits::new(hold, now), None);
        let both = Limits::new(Retention { days: 7, hold_days: 3 }, now).expect("something goes");
        assert_eq!(now - both.may_go, TimeDelta::days(7));
        assert_eq!(now - both.must_go, TimeDelta::days(10));
    }
}
