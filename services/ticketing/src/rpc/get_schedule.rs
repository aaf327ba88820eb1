//! Reads one schedule.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetScheduleRequest>) -> Result<pb::Schedule, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::schedule_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let schedule = app.store.schedule_overview(&tenant, id).await?;
    Ok(convert::overview(&schedule))
}
