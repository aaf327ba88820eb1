//! Makes one customer of two.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::store::MergeRequest;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::MergeCustomersRequest>,
) -> Result<pb::MergeCustomersResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "MergeCustomers",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let (source, target) = input::two_customers(&request.source, &request.target, &mut violations);
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    let wanted = MergeRequest {
        source: (source, request.source_etag),
        target: (target, request.target_etag),
    };
    app.store
        .merge_customers(&call, &wanted, |merged, now| pb::MergeCustomersResponse {
            target: Some(convert::customer(&merged.target, now)),
            source: Some(convert::customer(&merged.source, now)),
            merge: Some(convert::customer_merge(&merged.merge)),
        })
        .await
}
