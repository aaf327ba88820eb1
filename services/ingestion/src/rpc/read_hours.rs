//! Our calls to routing and ticketing that say when somebody is there for live chats.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tonic::Request;
use vorrang_api::routing::v1::GetRoutingPolicyRequest;
use vorrang_api::routing::v1::agent_service_client::AgentServiceClient;
use vorrang_api::ticketing::v1::ComputeBusinessTimeRequest;
use vorrang_api::ticketing::v1::schedule_service_client::ScheduleServiceClient;
use vorrang_api::{from_timestamp, timestamp};
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

use crate::hours::Desk;

/// A customer does not wait longer to be told.
const CALL_MAX: Duration = Duration::from_secs(2);

/// Whether somebody is there at `now`.
///
/// # Errors
/// As routing and ticketing say.
pub async fn read(peers: &Peers, tenant: &str, now: DateTime<Utc>) -> Result<Desk, Error> {
    let mut request = Request::new(GetRoutingPolicyRequest {});
    request.set_timeout(CALL_MAX);
    let policy = AgentServiceClient::new(peers.routing(Some(tenant)))
        .get_routing_policy(request)
        .await
        .map_err(|status| peer_error("routing", status))?
        .into_inner();
    if policy.live_schedule.is_empty() {
        return Ok(Desk::Open);
    }
    let mut request = Request::new(ComputeBusinessTimeRequest {
        name: policy.live_schedule,
        from: Some(timestamp(now)),
        ..ComputeBusinessTimeRequest::default()
    });
    request.set_timeout(CALL_MAX);
    let time = ScheduleServiceClient::new(peers.ticketing(Some(tenant)))
        .compute_business_time(request)
        .await
        .map_err(|status| peer_error("ticketing", status))?
        .into_inner();
    Ok(match time.open {
        true => Desk::Open,
        false => Desk::Closed(time.opens_at.as_ref().and_then(from_timestamp)),
    })
}
