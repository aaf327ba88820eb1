//! `GetJourney`: a customer's way through all channels.

use vorrang_api::analytics::v1::{GetJourneyRequest, Journey};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::get_customer_profile::{CUSTOMER, named};
use super::query_command::{Position, cut};
use super::ready;
use crate::Analytics;
use crate::buckets::Micros;
use crate::convert;
use crate::journey::journey;

/// A page of the way.
///
/// Fails with Invalid (all violations), NotFound, and as [`ready::ready`].
pub async fn handle(analytics: &Analytics, tenant: String, request: GetJourneyRequest) -> Result<Journey, Error> {
    let mut violations = Violations::new();
    let others = GetJourneyRequest {
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
    named(&request.customer, &mut violations);
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
    ready::ready(analytics, &tenant, request.wait_for_latest && page.after.is_none()).await?;
    let pinned = page.after.map(|(as_of, _)| as_of);
    let read = ready::read(analytics, &tenant, pinned.or(as_of), move |view| {
        let customer = view.facts().strings().find(&request.customer);
        let (from, to) = (from.unwrap_or(Micros::MIN), to.unwrap_or(Micros::MAX));
        let found = customer.and_then(|customer| journey(view, customer, from, to));
        let journey = found.ok_or_else(|| Error::not_found(CUSTOMER, request.customer))?;
        let (touchpoints, next_page_token) = cut(&page, view.as_of(), journey.touchpoints.iter().copied());
        Ok(Journey {
            next_page_token,
            ..convert::insights::journey(view, &journey, &touchpoints)
        })
    });
    read.await
}
