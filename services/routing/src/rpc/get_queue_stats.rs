use chrono::{DateTime, TimeDelta, Utc};
use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_api::{duration, timestamp};
use vorrang_error::{Error, Violations};
use vorrang_queue::LaneCounts;

use crate::app::App;
use crate::policy::Policy;
use crate::words::Channel;
use crate::{convert, names, rebuild};

const QUEUES_MAX: usize = 100;
/// Parked contacts shown; more would make the answer too large to read anyway.
const PARKED_MAX: usize = 100;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::GetQueueStatsRequest>,
) -> Result<pb::GetQueueStatsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let queues = &request.get_ref().queues;
    let mut violations = Violations::new();
    if queues.len() > QUEUES_MAX {
        violations.add("queues", "must have at most 100 queues");
    }
    for (at, queue) in queues.iter().take(QUEUES_MAX).enumerate() {
        violations.take(format!("queues[{at}]"), names::id(queue));
    }
    violations.into_result()?;

    let policy = app.policies.of(&tenant).await?;
    let classes = u8::try_from(policy.classes.len()).unwrap_or(u8::MAX);
    let counts = app.queue.stats(&tenant, classes, PARKED_MAX).await?;
    if !counts.complete {
        return Err(rebuild::rebuilding(app, &tenant));
    }
    let wanted = |queue: &str| queues.is_empty() || queues.iter().any(|one| one == queue);
    let now = app.clock.now();
    let parked = counts
        .parked_contacts
        .iter()
        .filter(|stored| wanted(stored.lane.queue()))
        .map(|stored| convert::stored_contact(&stored.data).map(|contact| convert::contact(&contact)))
        .collect::<Result<_, _>>()?;
    Ok(pb::GetQueueStatsResponse {
        lanes: counts
            .lanes
            .iter()
            .filter(|lane| wanted(lane.lane.queue()))
            .map(|lane| lane_stats(&policy, lane, now))
            .collect(),
        as_of: Some(timestamp(now)),
        offered_count: i64::try_from(counts.offered).unwrap_or(i64::MAX),
        parked,
    })
}

fn lane_stats(policy: &Policy, counts: &LaneCounts, now: DateTime<Utc>) -> pb::LaneStats {
    let head_wait = counts
        .head_arrival_us
        .and_then(DateTime::from_timestamp_micros)
        .map(|arrived| duration((now - arrived).max(TimeDelta::zero())));
    pb::LaneStats {
        queue: counts.lane.queue().to_owned(),
        channel: Channel::of(counts.lane.channel()).map_or(0, |channel| convert::channel(channel).into()),
        waiting_count: i64::try_from(counts.waiting).unwrap_or(i64::MAX),
        head_wait,
        waiting_by_class: policy
            .classes
            .iter()
            .zip(&counts.by_class)
            .filter(|(_, count)| **count > 0)
            .map(|(class, count)| (class.id.clone(), i64::try_from(*count).unwrap_or(i64::MAX)))
            .collect(),
    }
}
