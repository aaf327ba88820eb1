//! `WatchKpis`: figures that are kept current.
//!
//! The same answer as QueryKpis is made again when events came, at most once a second, and every ten seconds in any case, since time
//! itself changes figures (a target falls due). Only what differs is sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Status;
use vorrang_api::analytics::v1::{KpiRow, WatchKpisRequest, WatchKpisResponse};
use vorrang_error::{Error, Violations};

use super::query_command::Command;
use super::query_kpis::answer_of;
use super::ready;
use crate::Analytics;

/// What the stream carries.
pub type Responses = BoxStream<'static, Result<WatchKpisResponse, Status>>;

/// Between two answers at least.
const PAUSE: Duration = Duration::from_secs(1);
/// And at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// A message is sent at least so often, whether or not anything has changed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Opens the stream with the first answer in hand.
///
/// Fails with Invalid (all violations; `TOO_MANY_ROWS`) and as [`ready::ready`].
pub async fn handle(analytics: &Arc<Analytics>, tenant: String, request: WatchKpisRequest) -> Result<Responses, Error> {
    let command = parse(request)?;
    ready::ready(analytics, &tenant, command.wait_for_latest).await?;
    let mut watch = Watch {
        analytics: Arc::clone(analytics),
        tenant,
        command: Arc::new(command),
        moved: analytics.projection.moved(),
        known: BTreeMap::new(),
        said_at: Instant::now(),
    };
    let first = watch.answer().await?;
    let rest = futures::stream::unfold(Some(watch), |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            Ok(response) => Some((Ok(response), Some(watch))),
            // Nothing follows an error.
            Err(error) => Some((Err(vorrang_service::status(error)), None)),
        }
    });
    Ok(futures::stream::once(async move { Ok(first) }).chain(rest).boxed())
}

fn parse(request: WatchKpisRequest) -> Result<Command, Error> {
    let Some(query) = request.query else {
        return Err(Error::invalid_field("query", "is required"));
    };
    let mut violations = Violations::new();
    if query.as_of.is_some() {
        violations.add("query.as_of", "must not be set: what is watched is as of now");
    }
    if query.page_size != 0 || !query.page_token.is_empty() {
        violations.add("query.page_size", "must not be set: what is watched has no pages");
    }
    match Command::parse(query) {
        Ok(command) => violations.into_result().map(|()| command),
        Err(error) => {
            for violation in error.violations() {
                violations.add(format!("query.{}", violation.field), violation.description.clone());
            }
            violations.into_result()?;
            Err(error)
        }
    }
}

/// A row's place: figure, bucket and key; the total of a figure apart from its rows.
type Place = (String, bool, Option<(i64, i32)>, Vec<(String, String)>);

struct Watch {
    analytics: Arc<Analytics>,
    tenant: String,
    command: Arc<Command>,
    moved: watch::Receiver<()>,
    /// The rows as they were sent.
    known: BTreeMap<Place, KpiRow>,
    said_at: Instant,
}

impl Watch {
    /// The next message: a change, or that there is none.
    async fn next(&mut self) -> Result<WatchKpisResponse, Error> {
        loop {
            tokio::time::sleep(PAUSE).await;
            // Whether or not something came: time changes figures, too.
            let _ = tokio::time::timeout(PATIENCE, self.moved.changed()).await;
            let response = self.answer().await?;
            let is_due = self.said_at.elapsed() + PAUSE >= HEARTBEAT;
            if !response.rows.is_empty() || !response.gone.is_empty() || is_due {
                self.said_at = Instant::now();
                return Ok(response);
            }
        }
    }

    /// What has changed since the last answer.
    async fn answer(&mut self) -> Result<WatchKpisResponse, Error> {
        self.moved.borrow_and_update();
        // Facts may have been dropped since, to be read again: no figures then, rather than wrong ones.
        ready::loaded(&self.analytics.projection)?;
        let answer = answer_of(&self.analytics, &self.tenant, Arc::clone(&self.command)).await?;
        let (rows, gone) = changes(&mut self.known, answer.rows);
        Ok(WatchKpisResponse {
            rows,
            gone,
            as_of: answer.as_of,
            feeds: answer.feeds,
        })
    }
}

/// Rows that are other than they are known to be, and those that are not there any more; in the order of the answer. Notes the new ones.
fn changes(known: &mut BTreeMap<Place, KpiRow>, rows: Vec<KpiRow>) -> (Vec<KpiRow>, Vec<KpiRow>) {
    let mut before = std::mem::take(known);
    let mut changed = Vec::new();
    for row in rows {
        let place = place(&row);
        if before.remove(&place).as_ref() != Some(&row) {
            changed.push(row.clone());
        }
        known.insert(place, row);
    }
    let gone = before.into_values().map(|row| KpiRow {
        kpi: row.kpi,
        is_total: row.is_total,
        bucket_start_at: row.bucket_start_at,
        key: row.key,
        ..KpiRow::default()
    });
    (changed, gone.collect())
}

fn place(row: &KpiRow) -> Place {
    let key = row.key.iter().map(|(name, value)| (name.clone(), value.clone()));
    let bucket = row.bucket_start_at.as_ref().map(|at| (at.seconds, at.nanos));
    (row.kpi.clone(), row.is_total, bucket, key.collect())
}

#[cfg(test)]
mod tests;
