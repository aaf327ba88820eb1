//! Undoes a merge of customers.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::UnmergeCustomerRequest>,
) -> Result<pb::UnmergeCustomerResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call(
        "UnmergeCustomer",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::customer_id("name", &request.name, &mut violations);
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    app.store
        .unmerge_customer(&call, id, |merged, now| pb::UnmergeCustomerResponse {
            customer: Some(convert::customer(&merged.source, now)),
            former_target: Some(convert::customer(&merged.target, now)),
            merge: Some(convert::customer_merge(&merged.merge)),
        })
        .await
}
