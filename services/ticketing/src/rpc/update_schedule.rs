//! Changes fields of a schedule; new hours are a new version.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateScheduleRequest>) -> Result<pb::Schedule, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateSchedule",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let schedule = request.schedule.unwrap_or_default();
    let id = input::schedule_id("schedule.name", &schedule.name, &mut violations);
    let fields = input::schedule_mask(request.update_mask.as_ref(), &mut violations);
    let wanted = input::schedule("schedule", &schedule, &fields, &mut violations);
    let valid_from = input::date("valid_from", &request.valid_from, &mut violations);
    violations.into_result()?;
    app.store
        .change_schedule(
            &call,
            id,
            &schedule.etag,
            move |stored, now| Ok(((), stored.update(wanted, &fields, valid_from, now)?)),
            |stored, ()| convert::overview(stored),
        )
        .await
}
