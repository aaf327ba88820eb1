use chrono::TimeDelta;
use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::get_wait_response::State;
use vorrang_api::{duration, timestamp};
use vorrang_error::{Error, Violations};
use vorrang_queue::Standing;

use crate::app::App;
use crate::{names, rebuild, wait};

pub(crate) async fn handle(app: &App, request: Request<pb::GetWaitRequest>) -> Result<pb::GetWaitResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let ticket = violations.take("ticket", names::ticket(&request.get_ref().ticket));
    violations.into_result()?;
    let ticket = ticket.unwrap_or_default();
    let Some(found) = app.queue.wait(&tenant, &ticket).await? else {
        return Err(rebuild::rebuilding(app, &tenant));
    };
    let state = match found.standing {
        Standing::Waiting => State::Waiting,
        Standing::Offered => State::Offered,
        Standing::Parked => State::Parked,
        Standing::None => State::NotWaiting,
    };
    let stands = matches!(state, State::Waiting | State::Offered);
    let expected = wait::expected(found.before, &found.paces, found.now_ms);
    Ok(pb::GetWaitResponse {
        state: state.into(),
        position: stands.then(|| i64::try_from(found.before).unwrap_or(i64::MAX)),
        expected_wait: expected
            .wait_ms
            .filter(|_| stands)
            .map(|wait_ms| duration(TimeDelta::milliseconds(wait_ms))),
        basis_count: if stands {
            i32::try_from(expected.basis).unwrap_or(i32::MAX)
        } else {
            0
        },
        as_of: Some(timestamp(app.clock.now())),
    })
}
