//! Lists schedules, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use uuid::Uuid;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListSchedulesRequest>) -> Result<pb::ListSchedulesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let which = if request.show_archived { "all" } else { "in use" };
    let mut page = Page::<Uuid>::parse(
        request.page_size,
        &request.page_token,
        &["schedules", which],
        &mut violations,
    );
    violations.into_result()?;
    let schedules = app
        .store
        .schedules(&tenant, request.show_archived, page.after, page.limit())
        .await?;
    let mut schedules: Vec<pb::Schedule> = schedules.iter().map(convert::overview).collect();
    page.size = page.size.min(fitting(&schedules));
    let next_page_token = page.cut(&mut schedules, |schedule| {
        names::parse_schedule(&schedule.name).unwrap_or_default()
    });
    Ok(pb::ListSchedulesResponse {
        schedules,
        next_page_token,
    })
}
