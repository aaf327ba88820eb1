//! `QueryKpis`: key figures for a period.

use std::sync::PoisonError;
use std::time::Duration;

use prost::Message as _;
use vorrang_api::analytics::v1::{KpiRow, QueryKpisRequest, QueryKpisResponse};
use vorrang_error::{Error, Kind};

use super::query_command::Command;
use crate::Analytics;
use crate::buckets::Micros;
use crate::convert;
use crate::kpis::{Kpi, Variant};
use crate::projection::{Owner, Projection, TenantFacts};
use crate::query::{self, Query};
use crate::view::View;

/// Most rows in an answer, as the contract says.
const ROWS_MAX: usize = 10_000;
/// Clients in other languages accept 4 MiB; the rest is for the head of the message.
const BYTES_MAX: usize = 4 * 1024 * 1024 - 64 * 1024;
/// How long to wait for the latest events when the call has no deadline.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Answers with every figure asked for.
///
/// Fails with Invalid (all violations; `TOO_MANY_ROWS`), Unavailable `FACTS_LOADING` until the feeds have been
/// read once after a start, and, when the latest is asked for, Unavailable `FACTS_BEHIND`, or what the owner
/// of a feed said.
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: QueryKpisRequest,
) -> Result<QueryKpisResponse, Error> {
    let command = Command::parse(request)?;
    let projection = &analytics.projection;
    if command.wait_for_latest {
        wait(analytics, &tenant).await?;
    }
    loaded(projection)?;
    let now = analytics.clock.now().timestamp_micros();
    let projection = projection.clone();
    // Reading a hundred thousand tickets takes longer than the runtime's other tasks should wait.
    tokio::task::spawn_blocking(move || answer(&projection, &tenant, &command, now))
        .await
        .map_err(|why| Error::internal("a query of key figures broke off").caused_by(why))?
}

fn loaded(projection: &Projection) -> Result<(), Error> {
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

fn answer(projection: &Projection, tenant: &str, command: &Command, now: Micros) -> Result<QueryKpisResponse, Error> {
    let known = projection.tenant(tenant);
    let facts = known
        .as_ref()
        .map(|facts| facts.read().unwrap_or_else(PoisonError::into_inner));
    let nothing = TenantFacts::default();
    let facts = facts.as_deref().unwrap_or(&nothing);
    let ledger = facts.ledger();
    let view = match command.as_of {
        Some(as_of) => View::at(ledger, facts.facts(), as_of, now),
        // Somebody may have asked an instant later and come first.
        None => View::with(ledger, facts.facts(), ledger.stands_at().map_or(now, |at| at.max(now))),
    };
    let as_of = view.as_of();
    let mut benchmarks = Vec::new();
    let mut rows: Vec<KpiRow> = Vec::new();
    for (kpi, variant) in &command.kpis {
        let answer = query::run(&view, &command.query(kpi, variant));
        if rows.len() + answer.rows.len() + 1 > ROWS_MAX {
            return Err(too_many_rows());
        }
        rows.extend(convert::rows(kpi.id, answer, &command.by, command.is_split()));
        let outside = view.facts().benchmarks(kpi.id, as_of);
        benchmarks.extend(
            outside
                .iter()
                .map(|one| convert::benchmark(one, view.facts().strings())),
        );
    }
    let response = QueryKpisResponse {
        rows,
        as_of: convert::timestamp(as_of),
        feeds: convert::feeds(projection.positions(tenant)),
        benchmarks,
    };
    if response.encoded_len() > BYTES_MAX {
        return Err(too_many_rows());
    }
    Ok(response)
}

fn too_many_rows() -> Error {
    let message = format!(
        "the answer would have more than {ROWS_MAX} rows or 4 MiB: ask for a shorter period, a coarser grain, fewer \
         dimensions or a filter"
    );
    Error::new(Kind::Invalid, "TOO_MANY_ROWS", message).with("rows_max", ROWS_MAX.to_string())
}

impl Command {
    fn query(&self, kpi: &'static Kpi, variant: &'static Variant) -> Query<'_> {
        Query {
            kpi,
            variant,
            clock: self.clock,
            from: self.from,
            to: self.to,
            zone: self.zone,
            grain: self.grain,
            by: &self.by,
            filters: &self.filters,
        }
    }

    fn is_split(&self) -> bool {
        self.grain.is_some() || !self.by.is_empty()
    }
}

#[cfg(test)]
mod tests;
