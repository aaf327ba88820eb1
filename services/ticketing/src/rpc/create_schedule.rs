//! Makes a schedule.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::schedule::Field;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateScheduleRequest>) -> Result<pb::Schedule, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateSchedule",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.schedule.is_none() {
        violations.add("schedule", "must be given");
    }
    let schedule = request.schedule.unwrap_or_default();
    let wanted = input::schedule("schedule", &schedule, &Field::ALL, &mut violations);
    violations.into_result()?;
    app.store.create_schedule(&call, wanted, convert::overview).await
}
