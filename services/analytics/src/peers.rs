//! What only routing knows: the queues as they are now.

use std::collections::BTreeMap;

use vorrang_api::routing::v1::GetQueueStatsRequest;
use vorrang_api::routing::v1::queue_service_client::QueueServiceClient;
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

/// A queue and channel in which contacts wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The queue.
    pub queue: String,
    /// The channel's word.
    pub channel: String,
    /// How many wait.
    pub waiting: i64,
    /// How long the one has waited that comes next, in seconds.
    pub longest: Option<f64>,
    /// How many wait in each class.
    pub classes: BTreeMap<String, i64>,
}

/// The queues of `tenant`, those with the longest waits first. Fails as routing does.
pub async fn lanes(peers: &Peers, tenant: &str) -> Result<Vec<Lane>, Error> {
    let mut client = QueueServiceClient::new(peers.routing(Some(tenant)));
    let stats = client.get_queue_stats(GetQueueStatsRequest::default()).await;
    let stats = stats.map_err(|status| peer_error("routing", status))?.into_inner();
    let lanes = stats.lanes.into_iter().filter(|lane| lane.waiting_count > 0);
    let mut lanes: Vec<Lane> = lanes
        .map(|lane| Lane {
            channel: lane
                .channel()
                .as_str_name()
                .trim_start_matches("CHANNEL_")
                .to_lowercase(),
            queue: lane.queue,
            waiting: lane.waiting_count,
            longest: lane
                .head_wait
                .map(|wait| wait.seconds as f64 + f64::from(wait.nanos) / 1e9),
            classes: lane.waiting_by_class.into_iter().collect(),
        })
        .collect();
    lanes.sort_by(|one, other| {
        let longest = other.longest.unwrap_or(0.0).total_cmp(&one.longest.unwrap_or(0.0));
        longest.then_with(|| (&one.queue, &one.channel).cmp(&(&other.queue, &other.channel)))
    });
    Ok(lanes)
}
