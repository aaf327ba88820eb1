//! Lists proactive contacts to a customer, the latest first.

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
    request: Request<pb::ListProactiveContactsRequest>,
) -> Result<pb::ListProactiveContactsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let customer = input::customer_id("parent", &request.parent, &mut violations);
    let arguments = ["proactive_contacts", &request.parent];
    let mut page = Page::<RecordPosition>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let found = app
        .store
        .proactive_contacts(&tenant, customer, true, page.after, page.limit())
        .await?;
    let mut proactive_contacts: Vec<pb::ProactiveContact> =
        found.iter().map(|(_, one)| convert::proactive_contact(one)).collect();
    page.size = page.size.min(fitting(&proactive_contacts));
    let last = usize::try_from(page.size).unwrap_or(usize::MAX).saturating_sub(1);
    let position = found
        .get(last)
        .map_or(RecordPosition::default(), |(position, _)| *position);
    let next_page_token = page.cut(&mut proactive_contacts, |_| position);
    Ok(pb::ListProactiveContactsResponse {
        proactive_contacts,
        next_page_token,
    })
}
