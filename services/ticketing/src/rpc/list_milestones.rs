//! Lists milestones of a customer, the latest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::RecordPosition;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListMilestonesRequest>,
) -> Result<pb::ListMilestonesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let customer = input::customer_id("parent", &request.parent, &mut violations);
    let arguments = ["milestones", &request.parent];
    let mut page = Page::<RecordPosition>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let found = app
        .store
        .milestones(&tenant, customer, page.after, page.limit())
        .await?;
    let mut milestones: Vec<pb::Milestone> = found.iter().map(|(_, one)| convert::milestone(one)).collect();
    page.size = page.size.min(fitting(&milestones));
    let last = usize::try_from(page.size).unwrap_or(usize::MAX).saturating_sub(1);
    let position = found
        .get(last)
        .map_or(RecordPosition::default(), |(position, _)| *position);
    let next_page_token = page.cut(&mut milestones, |_| position);
    Ok(pb::ListMilestonesResponse {
        milestones,
        next_page_token,
    })
}
