//! `ExplainKpi`: what a value is made of.

use vorrang_api::analytics::v1::{DimensionFilter, ExplainKpiRequest, ExplainKpiResponse, Grain, QueryKpisRequest};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::query_command::{Command, Position, cut};
use super::ready;
use crate::Analytics;
use crate::convert;
use crate::kpis::Observe;
use crate::query::{self, Figures, contributions, spans};
use crate::view::View;

/// A page of the things that contributed to a value.
///
/// Fails with Invalid (all violations) and as [`ready::ready`].
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: ExplainKpiRequest,
) -> Result<ExplainKpiResponse, Error> {
    let command = Explain::parse(request)?;
    ready::ready(analytics, &tenant, command.query.wait_for_latest).await?;
    let as_of = command.query.as_of;
    ready::read(analytics, &tenant, as_of, move |view| Ok(answer(view, &command))).await
}

/// A request without mistakes.
pub struct Explain {
    /// About one figure, and the bucket asked about when there is one.
    query: Command,
    page: Page<Position>,
}

impl Explain {
    /// Reads a request. Fails with Invalid, naming everything that is wrong.
    pub fn parse(request: ExplainKpiRequest) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let others = ExplainKpiRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page: Page<Position> = Page::parse(
            request.page_size,
            &request.page_token,
            &[&format!("{others:?}")],
            &mut violations,
        );
        let filters = request.filters.len();
        let names: Vec<String> = request.cell.keys().cloned().collect();
        let query = Command::parse(as_query(&request));
        let query = match query {
            Ok(query) => query,
            Err(error) => {
                for violation in error.violations() {
                    violations.add(field(&violation.field, filters, &names), violation.description.clone());
                }
                violations.into_result()?;
                return Err(error);
            }
        };
        let query = bucket(&request, query, &mut violations);
        violations.into_result()?;
        let pinned = page.after.map(|(as_of, _)| as_of);
        let query = Command {
            as_of: pinned.or(query.as_of),
            wait_for_latest: query.wait_for_latest && pinned.is_none(),
            ..query
        };
        Ok(Self { query, page })
    }
}

fn as_query(request: &ExplainKpiRequest) -> QueryKpisRequest {
    let cell = request.cell.iter().map(|(dimension, value)| DimensionFilter {
        dimension: dimension.clone(),
        values: vec![value.clone()],
    });
    QueryKpisRequest {
        kpis: vec![request.kpi.clone()],
        from: request.from,
        to: request.to,
        time_zone: request.time_zone.clone(),
        grain: request.grain,
        filters: request.filters.iter().cloned().chain(cell).collect(),
        as_of: request.as_of,
        wait_for_latest: request.wait_for_latest,
        variant: request.variant.clone(),
        clock: request.clock,
        ..QueryKpisRequest::default()
    }
}

/// The field of our request that became `field` of the query.
fn field(field: &str, filters: usize, cell: &[String]) -> String {
    if field.starts_with("kpis") {
        return "kpi".to_owned();
    }
    let number = field
        .strip_prefix("filters[")
        .and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    match number.and_then(|number| cell.get(number.checked_sub(filters)?)) {
        Some(dimension) => format!("cell[{dimension}]"),
        None => field.to_owned(),
    }
}

/// The bucket asked about instead of the whole period.
fn bucket(request: &ExplainKpiRequest, command: Command, violations: &mut Violations) -> Command {
    let Some(start) = &request.bucket_start_at else {
        if request.grain() != Grain::Unspecified {
            violations.add(
                "bucket_start_at",
                "is needed with a grain: which bucket is asked about?",
            );
        }
        return command;
    };
    let Some(start) = ready::moment("bucket_start_at", start, violations) else {
        return command;
    };
    let Some((kpi, variant)) = command.kpis.first().copied() else {
        return command;
    };
    let Some(grain) = command.grain else {
        violations.add("grain", "is needed with bucket_start_at: how long is the bucket?");
        return command;
    };
    let start = start.timestamp_micros();
    let spans = spans(&command.query(kpi, variant), grain);
    match spans.into_iter().find(|span| span.start == start) {
        Some(span) => Command {
            from: span.start,
            to: span.end,
            ..command
        },
        None => {
            violations.add("bucket_start_at", "is not the start of a bucket of the period");
            command
        }
    }
}

fn answer(view: &View<'_>, command: &Explain) -> ExplainKpiResponse {
    let as_of = view.as_of();
    let Some((kpi, variant)) = command.query.kpis.first().copied() else {
        return ExplainKpiResponse::default();
    };
    let query = command.query.query(kpi, variant);
    let answer = query::run(view, &query);
    // The row of the bucket: some figures read a bucket otherwise than a period.
    let is_bucket = |row: &query::Row| row.bucket.is_some() && row.own.is_empty();
    let of_bucket = answer.rows.into_iter().find(is_bucket);
    let figures: Figures = of_bucket.map_or(answer.total, |row| row.figures);
    let mut total = convert::figures(kpi.id, figures);
    if query.grain.is_some() {
        total.bucket_start_at = convert::timestamp(query.from);
    }
    // Events of the period, where there is a quick way to its tickets.
    let is_event = matches!(variant.observe, Observe::Events(_));
    let part = is_event.then(|| view.within(query.from, query.to)).flatten();
    let all = contributions(part.as_ref().unwrap_or(view), &query);
    let item_count = convert::signed(all.len() as u64);
    let (page, next_page_token) = cut(&command.page, as_of, all.into_iter());
    ExplainKpiResponse {
        total: Some(total),
        items: page
            .iter()
            .map(|one| convert::explanation::item(view, kpi, one))
            .collect(),
        item_count,
        as_of: convert::timestamp(as_of),
        next_page_token,
    }
}

#[cfg(test)]
mod tests;
