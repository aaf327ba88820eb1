//! `GradeServiceLevel`: the five grades, and what lifts each.

use vorrang_api::analytics::v1::{GradeServiceLevelRequest, GradeServiceLevelResponse, QueryKpisRequest};
use vorrang_error::Error;

use super::query_command::Command;
use super::ready;
use crate::Analytics;
use crate::convert;
use crate::kpis::{SERVICE_LEVEL, report};

/// Every factor with its grade.
///
/// Fails with Invalid (all violations) and as [`ready::ready`].
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: GradeServiceLevelRequest,
) -> Result<GradeServiceLevelResponse, Error> {
    let command = Command::parse(QueryKpisRequest {
        kpis: vec![SERVICE_LEVEL.id.to_owned()],
        from: request.from,
        to: request.to,
        time_zone: request.time_zone,
        as_of: request.as_of,
        wait_for_latest: request.wait_for_latest,
        ..QueryKpisRequest::default()
    })?;
    ready::ready(analytics, &tenant, command.wait_for_latest).await?;
    let graded = ready::read(analytics, &tenant, command.as_of, move |view| {
        let query = command.query(SERVICE_LEVEL, &SERVICE_LEVEL.variants[0]);
        Ok((view.as_of(), convert::grades::report(report(view, &query))))
    });
    let (as_of, (desk, channels)) = graded.await?;
    Ok(GradeServiceLevelResponse {
        grade: desk.grade,
        desk: Some(desk),
        channels,
        as_of: convert::timestamp(as_of),
        feeds: convert::feeds(analytics.projection.positions(&tenant)),
    })
}
