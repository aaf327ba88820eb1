//! Takes a schedule out of the archive.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::RestoreScheduleRequest>) -> Result<pb::Schedule, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "RestoreSchedule",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::schedule_id("name", &request.name, &mut violations);
    violations.into_result()?;
    app.store
        .change_schedule(
            &call,
            id,
            &request.etag,
            |stored, now| Ok(((), stored.restore(now))),
            |stored, ()| convert::overview(stored),
        )
        .await
}
