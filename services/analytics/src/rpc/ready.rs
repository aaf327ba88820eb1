//! What every question needs: the facts, read far enough, as of a moment.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use vorrang_error::{Error, Violations};

use crate::Analytics;
use crate::buckets::Micros;
use crate::projection::{Owner, Projection, TenantFacts};
use crate::view::View;

/// How long to wait for the latest events when the call has no deadline.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Returns when figures can be served; with `latest` when everything committed before the call is in.
///
/// Fails with Unavailable `FACTS_LOADING` until the feeds have been read once after a start, and, when the latest is asked for,
/// Unavailable `FACTS_BEHIND`, or what the owner of a feed said.
pub async fn ready(analytics: &Analytics, tenant: &str, latest: bool) -> Result<(), Error> {
    if latest {
        wait(analytics, tenant).await?;
    }
    loaded(&analytics.projection)
}

/// Fails with Unavailable `FACTS_LOADING` until the feeds have been read once after a start.
pub fn loaded(projection: &Projection) -> Result<(), Error> {
    let loading = projection.loading();
    if loading.is_empty() {
        return Ok(());
    }
    let owners: Vec<&str> = loading.into_iter().map(Owner::name).collect();
    let message = format!(
        "the feeds of {} have not been read to their end yet; try again",
        owners.join(", ")
    );
    Err(Error::unavailable("FACTS_LOADING", message)
        .with("feeds", owners.join(","))
        .with_retry_after(Duration::from_secs(1)))
}

/// Waits until everything committed before this call is in; after a start that takes until the feeds were read.
async fn wait(analytics: &Analytics, tenant: &str) -> Result<(), Error> {
    let heads = analytics.heads.read(tenant).await?;
    let time = vorrang_service::remaining().unwrap_or(WAIT_MAX);
    tokio::time::timeout(time, analytics.projection.reached(tenant, heads))
        .await
        .map_err(|_| {
            Error::unavailable(
                "FACTS_BEHIND",
                "the latest events are not in yet; try again, or ask without waiting",
            )
            .with_retry_after(Duration::from_secs(1))
        })
}

/// Does `work` on the facts of `tenant` as of a moment (None: now), away from the runtime: reading a hundred thousand tickets takes longer
/// than its other tasks should wait. The view says which moment it is.
pub async fn read<T: Send + 'static>(
    analytics: &Analytics,
    tenant: &str,
    as_of: Option<Micros>,
    work: impl FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let projection = analytics.projection.clone();
    let tenant = tenant.to_owned();
    let now = analytics.clock.now().timestamp_micros();
    tokio::task::spawn_blocking(move || with_view(&projection, &tenant, (as_of, now), work))
        .await
        .map_err(|why| Error::internal("a query of key figures broke off").caused_by(why))?
}

/// Does `work` on the facts of `tenant`; of a tenant never heard of there are none.
pub fn with_view<T>(
    projection: &Projection,
    tenant: &str,
    (as_of, now): (Option<Micros>, Micros),
    work: impl FnOnce(&View<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let known = projection.tenant(tenant);
    let facts = known
        .as_ref()
        .map(|facts| facts.read().unwrap_or_else(PoisonError::into_inner));
    let nothing = TenantFacts::default();
    let facts = facts.as_deref().unwrap_or(&nothing);
    let ledger = facts.ledger();
    let view = match as_of {
        Some(as_of) => View::at(ledger, facts.facts(), as_of, now),
        // Somebody may have asked an instant later and come first.
        None => View::with(ledger, facts.facts(), ledger.stands_at().map_or(now, |at| at.max(now))),
    };
    work(&view)
}

/// Reads a time of a request.
pub fn moment(field: &str, at: &Timestamp, violations: &mut Violations) -> Option<DateTime<Utc>> {
    let moment = vorrang_api::from_timestamp(at);
    if moment.is_none() {
        violations.add(field, "is not a time between the years 1 and 9999");
    }
    moment
}
