//! Lists the versions of a schedule, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};

/// See the contract. Versions are never changed, so a page goes on below the number of its last one.
pub async fn handle(
    app: &App,
    request: Request<pb::ListScheduleVersionsRequest>,
) -> Result<pb::ListScheduleVersionsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let id = input::schedule_id("name", &request.name, &mut violations);
    let mut page = Page::<i32>::parse(
        request.page_size,
        &request.page_token,
        &["schedule versions", &request.name],
        &mut violations,
    );
    violations.into_result()?;
    let versions = app.store.schedule_versions(&tenant, id, page.after).await?;
    let mut versions: Vec<pb::ScheduleVersion> = versions.iter().map(convert::schedule_version).collect();
    page.size = page.size.min(fitting(&versions));
    let next_page_token = page.cut(&mut versions, |version| version.number);
    Ok(pb::ListScheduleVersionsResponse {
        versions,
        next_page_token,
    })
}
