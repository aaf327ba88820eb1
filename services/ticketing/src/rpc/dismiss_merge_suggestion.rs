//! Decides that two customers are not one person.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert;
use crate::names;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::DismissMergeSuggestionRequest>,
) -> Result<pb::MergeSuggestion, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "DismissMergeSuggestion",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = violations.take("name", names::parse_merge_suggestion(&request.name));
    violations.into_result()?;
    app.store
        .dismiss_suggestion(&call, id.unwrap_or_default(), convert::merge_suggestion)
        .await
}
