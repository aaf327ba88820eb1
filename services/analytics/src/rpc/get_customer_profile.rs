//! `GetCustomerProfile`: what a customer had to do with us.

use vorrang_api::analytics::v1::{CustomerProfile, GetCustomerProfileRequest};
use vorrang_error::{Error, Violations};

use super::ready;
use crate::Analytics;
use crate::convert;
use crate::profile::profile;

/// As ticketing calls it.
pub const CUSTOMER: &str = "vorrang.ticketing.v1.Customer";

/// The profile.
///
/// Fails with Invalid (all violations), NotFound, and as [`ready::ready`].
pub async fn handle(
    analytics: &Analytics,
    tenant: String,
    request: GetCustomerProfileRequest,
) -> Result<CustomerProfile, Error> {
    let mut violations = Violations::new();
    named(&request.customer, &mut violations);
    let as_of = request
        .as_of
        .as_ref()
        .and_then(|at| ready::moment("as_of", at, &mut violations));
    violations.into_result()?;
    ready::ready(analytics, &tenant, request.wait_for_latest).await?;
    let as_of = as_of.map(|at| at.timestamp_micros());
    let read = ready::read(analytics, &tenant, as_of, move |view| {
        let customer = view.facts().strings().find(&request.customer);
        let found = customer.and_then(|customer| profile(view, customer));
        let profile = found.ok_or_else(|| Error::not_found(CUSTOMER, request.customer))?;
        Ok(convert::insights::profile(view, &profile))
    });
    read.await
}

/// Checks the name of a customer.
pub fn named(customer: &str, violations: &mut Violations) {
    let id = customer.strip_prefix("customers/").unwrap_or_default();
    if id.is_empty() || id.contains('/') {
        violations.add("customer", "must be a customer's name, customers/{customer}");
    }
}
