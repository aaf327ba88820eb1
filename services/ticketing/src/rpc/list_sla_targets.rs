//! Lists all targets that a ticket ever had.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert::{self, input};

/// See the contract. Judged anew from what happened, so it needs no timer to be right.
pub async fn handle(
    app: &App,
    request: Request<pb::ListSlaTargetsRequest>,
) -> Result<pb::ListSlaTargetsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let which = input::ticket_ref("parent", &request.parent, &mut violations);
    let arguments = ["slaTargets", &request.parent];
    let page = Page::<u32>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let mut targets = app.store.sla_targets(&tenant, which).await?;
    targets.retain(|target| page.after.is_none_or(|after| target.turn > after));
    let next_page_token = page.cut(&mut targets, |target| target.turn);
    Ok(pb::ListSlaTargetsResponse {
        sla_targets: targets.iter().map(convert::sla_target).collect(),
        next_page_token,
    })
}
