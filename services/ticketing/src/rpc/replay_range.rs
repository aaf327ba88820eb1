//! Sends a range of events again.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::replay_range_request::From;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ReplayRangeRequest>) -> Result<pb::Webhook, Error> {
    let mut violations = Violations::new();
    let call = app::call("ReplayRange", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = convert::webhook_id("name", &request.name, &mut violations);
    let from_time = match &request.from {
        Some(From::FromTime(at)) => input::time("from_time", Some(at), &mut violations),
        Some(From::FromCursor(_)) => None,
        None => {
            violations.add(
                "from_time",
                "where the range begins must be given, as a time or as a cursor",
            );
            None
        }
    };
    let to_time = request
        .to_time
        .is_some()
        .then(|| input::time("to_time", request.to_time.as_ref(), &mut violations));
    let to_time = to_time.flatten();
    if let (Some(from), Some(to)) = (from_time, to_time)
        && to <= from
    {
        violations.add("to_time", "must be later than from_time");
    }
    violations.into_result()?;
    let after = match (from_time, request.from) {
        (Some(at), _) => app.store.position_before(&call.tenant, at).await?,
        (None, Some(From::FromCursor(cursor))) => app.feed.position(&call.tenant, &cursor).await?.seq,
        _ => return Err(Error::internal("a violation was lost")),
    };
    let until = match to_time {
        Some(at) => Some(app.store.position_before(&call.tenant, at).await?),
        None => None,
    };
    app.store
        .replay_range(&call, id, (after, until), request.dead_letters_only, convert::webhook)
        .await
}
