//! `ListJourneyPaths`: the ways that customers commonly take.

use vorrang_api::analytics::v1::{ListJourneyPathsRequest, ListJourneyPathsResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::query_command::{Position, cut};
use super::ready;
use crate::Analytics;
use crate::convert;
use crate::paths::paths;

/// A page of ways.
///
/// Fails with Invalid (all violations) and as [`ready::ready`].
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: ListJourneyPathsRequest,
) -> Result<ListJourneyPathsResponse, Error> {
    let mut violations = Violations::new();
    let others = ListJourneyPathsRequest {
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
    for (field, at) in [("from", &request.from), ("to", &request.to)] {
        if at.is_none() {
            violations.add(field, "is required");
        }
    }
    let mut moment = |field, at: &Option<prost_types::Timestamp>| {
        let moment = at.as_ref().and_then(|at| ready::moment(field, at, &mut violations));
        moment.map(|at| at.timestamp_micros())
    };
    let (from, to) = (moment("from", &request.from), moment("to", &request.to));
    let as_of = moment("as_of", &request.as_of);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        violations.add("to", "must be after from");
    }
    violations.into_result()?;
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    ready::ready(analytics, &tenant, request.wait_for_latest && page.after.is_none()).await?;
    let pinned = page.after.map(|(as_of, _)| as_of);
    let read = ready::read(analytics, &tenant, pinned.or(as_of), move |view| {
        let all = paths(view, from, to);
        let episodes: u64 = all.iter().map(|path| path.episodes).sum();
        let (some, next_page_token) = cut(&page, view.as_of(), all.into_iter());
        Ok(ListJourneyPathsResponse {
            paths: some.into_iter().map(convert::insights::path).collect(),
            episode_count: convert::signed(episodes),
            as_of: convert::timestamp(view.as_of()),
            next_page_token,
        })
    });
    read.await
}
