//! Lists pairs of customers that may be one person, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use uuid::Uuid;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListMergeSuggestionsRequest>,
) -> Result<pb::ListMergeSuggestionsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let arguments = ["merge_suggestions", &request.customer];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let customer =
        (!request.customer.is_empty()).then(|| input::customer_id("customer", &request.customer, &mut violations));
    violations.into_result()?;
    let found = app
        .store
        .suggestions(&tenant, customer, page.after, page.limit())
        .await?;
    let mut merge_suggestions: Vec<pb::MergeSuggestion> = found.iter().map(convert::merge_suggestion).collect();
    page.size = page.size.min(fitting(&merge_suggestions));
    let last = usize::try_from(page.size).unwrap_or(usize::MAX).saturating_sub(1);
    let position = found.get(last).map(|one| one.id).unwrap_or_default();
    let next_page_token = page.cut(&mut merge_suggestions, |_| position);
    Ok(pb::ListMergeSuggestionsResponse {
        merge_suggestions,
        next_page_token,
    })
}
