//! Lists SLA policies in the order in which they are tried.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;
use crate::sla::{Place, SlaPolicy};

/// See the contract. There are few enough to read them all.
pub async fn handle(
    app: &App,
    request: Request<pb::ListSlaPoliciesRequest>,
) -> Result<pb::ListSlaPoliciesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let page = Page::<Place>::parse(
        request.page_size,
        &request.page_token,
        &["slaPolicies"],
        &mut violations,
    );
    violations.into_result()?;
    let mut policies = app.store.sla_policies(&tenant).await?;
    policies.retain(|policy| page.after.is_none_or(|after| policy.place() > after));
    let next_page_token = page.cut(&mut policies, SlaPolicy::place);
    Ok(pb::ListSlaPoliciesResponse {
        sla_policies: policies.iter().map(convert::sla_policy).collect(),
        next_page_token,
    })
}
