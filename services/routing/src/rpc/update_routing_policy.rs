use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::check_etag;

use crate::app::App;
use crate::convert;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::UpdateRoutingPolicyRequest>,
) -> Result<pb::RoutingPolicy, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call("UpdateRoutingPolicy", &request, &message.request_id, &mut violations)?;
    let policy = convert::policy_from(message.routing_policy.as_ref(), &mut violations);
    violations.into_result()?;

    let etag = message
        .routing_policy
        .as_ref()
        .map_or("", |policy| policy.etag.as_str());
    let answer = app
        .store
        .update_policy(&call, |present| {
            check_etag(etag, present.version)?;
            Ok(policy)
        })
        .await?;
    app.policies.forget(&call.tenant);
    convert::policy_answer(answer)
}
