//! `QueryKpis`: key figures for a period.

use prost::Message as _;
use vorrang_api::analytics::v1::{KpiRow, QueryKpisRequest, QueryKpisResponse};
use vorrang_error::{Error, Kind};

use super::query_command::{Command, ROWS_MAX};
use super::ready;
use crate::Analytics;
use crate::compare;
use crate::convert;
use crate::view::View;

/// Clients in other languages accept 4 MiB; the rest is for the head of the message.
const BYTES_MAX: usize = 4 * 1024 * 1024 - 64 * 1024;

/// Answers with every figure asked for.
///
/// Fails with Invalid (all violations; `TOO_MANY_ROWS`), and as [`ready::ready`].
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: QueryKpisRequest,
) -> Result<QueryKpisResponse, Error> {
    let command = Command::parse(request)?;
    ready::ready(analytics, &tenant, command.wait_for_latest).await?;
    answer_of(analytics, &tenant, command).await
}

/// The answer to a command, without waiting for anything.
pub async fn answer_of(
    analytics: &Analytics,
    tenant: &str,
    command: impl AsRef<Command> + Send + 'static,
) -> Result<QueryKpisResponse, Error> {
    let as_of = command.as_ref().as_of;
    let answered = ready::read(analytics, tenant, as_of, move |view| answer(view, command.as_ref()));
    let mut response = answered.await?;
    response.feeds = convert::feeds(analytics.projection.positions(tenant));
    Ok(response)
}

fn answer(view: &View<'_>, command: &Command) -> Result<QueryKpisResponse, Error> {
    let as_of = view.as_of();
    let mut benchmarks = Vec::new();
    let mut rows: Vec<KpiRow> = Vec::new();
    for (kpi, variant) in &command.kpis {
        let query = command.query(kpi, variant);
        let (answer, then) = compare::beside(view, &query, &command.earlier);
        if command.page.is_none() && rows.len() + answer.rows.len() + 1 > ROWS_MAX {
            return Err(too_many_rows());
        }
        let mut told = convert::rows(kpi.id, answer, &command.by, command.is_split());
        for (row, then) in told.iter_mut().zip(&then) {
            row.comparisons = convert::comparisons(row.value, then);
        }
        rows.append(&mut told);
        let outside = view.facts().benchmarks(kpi.id, as_of);
        benchmarks.extend(
            outside
                .iter()
                .map(|one| convert::benchmark(one, view.facts().strings())),
        );
    }
    let mut response = QueryKpisResponse {
        rows: Vec::new(),
        as_of: convert::timestamp(as_of),
        feeds: Vec::new(),
        benchmarks,
        next_page_token: String::new(),
    };
    let head = response.encoded_len();
    match &command.page {
        None => {
            response.rows = rows;
            if response.encoded_len() > BYTES_MAX {
                return Err(too_many_rows());
            }
        }
        Some(page) => {
            let (_, given) = page.after.unwrap_or((as_of, 0));
            let given = usize::try_from(given).unwrap_or(usize::MAX);
            let size = usize::try_from(page.size).unwrap_or(usize::MAX);
            let end = cut(&rows, given, size, BYTES_MAX.saturating_sub(head));
            if end < rows.len() {
                response.next_page_token = page.token(&(as_of, end as u64));
            }
            rows.truncate(end);
            response.rows = rows.into_iter().skip(given).collect();
        }
    }
    Ok(response)
}

/// Where a page of at most `size` rows and `bytes` bytes ends that begins at `given`. At least one row is in it, if there is one.
fn cut(rows: &[KpiRow], given: usize, size: usize, bytes: usize) -> usize {
    let mut left = bytes;
    let mut end = given.min(rows.len());
    for row in rows.iter().skip(given).take(size) {
        // Tag and length of a row take at most six bytes.
        let length = row.encoded_len() + 6;
        if length > left && end > given {
            break;
        }
        left = left.saturating_sub(length);
        end += 1;
    }
    end
}

fn too_many_rows() -> Error {
    let message = format!(
        "the answer would have more than {ROWS_MAX} rows or 4 MiB: ask for pages (page_size), a shorter period, a coarser \
         grain, fewer dimensions or a filter"
    );
    Error::new(Kind::Invalid, "TOO_MANY_ROWS", message).with("rows_max", ROWS_MAX.to_string())
}

#[cfg(test)]
mod tests;
