//! Computes business time.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use chrono::TimeDelta;
use vorrang_calendar::Calendar;

use crate::app::App;
use crate::convert::input;
use crate::names;

/// A century of seconds.
const SECONDS_MAX: i64 = 3_155_760_000;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ComputeBusinessTimeRequest>,
) -> Result<pb::ComputeBusinessTimeResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let id = input::schedule_id("name", &request.name, &mut violations);
    if request.from.is_none() {
        violations.add("from", "must be given");
    }
    let from = input::time("from", request.from.as_ref(), &mut violations).unwrap_or_default();
    let to = input::time("to", request.to.as_ref(), &mut violations);
    let known_at = input::time("known_at", request.known_at.as_ref(), &mut violations);
    if request
        .seconds
        .is_some_and(|seconds| !(0..=SECONDS_MAX).contains(&seconds))
    {
        violations.add("seconds", format!("must be 0 to {SECONDS_MAX}"));
    }
    violations.into_result()?;
    let hours = app.store.schedule(&tenant, id).await?.hours();
    let hours = match known_at {
        None => hours,
        Some(instant) => hours.known_at(instant).ok_or_else(|| {
            let name = names::schedule(id);
            Error::precondition(
                "SCHEDULE_NOT_WRITTEN",
                format!("{name} was not written yet at that time"),
            )
        })?,
    };
    let calendar = Calendar::new(&hours);
    let due = request
        .seconds
        .and_then(|seconds| calendar.due(from, TimeDelta::seconds(seconds)));
    Ok(pb::ComputeBusinessTimeResponse {
        business_time: to.map(|to| duration(calendar.business(from, to))),
        due_at: due.map(vorrang_api::timestamp),
        open: calendar.is_open(from),
        opens_at: calendar.opens_at(from).map(vorrang_api::timestamp),
    })
}

fn duration(delta: TimeDelta) -> prost_types::Duration {
    prost_types::Duration {
        seconds: delta.num_seconds(),
        nanos: delta.subsec_nanos(),
    }
}
