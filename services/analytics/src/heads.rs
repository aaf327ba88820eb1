//! Where the owners' logs stand, for callers who want everything committed before their call.

use vorrang_api::feed::v1::{GetHeadRequest, GetHeadResponse};
use vorrang_api::{knowledge, routing, ticketing};
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

use crate::projection::Owner;

/// Asks the owners.
#[derive(Clone)]
pub struct Heads(Peers);

impl Heads {
    /// Asks through `peers`.
    pub fn new(peers: Peers) -> Self {
        Self(peers)
    }

    /// The position of the last event that each owner has committed for `tenant`, by owner.
    ///
    /// Fails when one of them cannot be asked.
    pub async fn read(&self, tenant: &str) -> Result<[i64; 3], Error> {
        let tenant = Some(tenant);
        let mut ticketing = ticketing::v1::feed_service_client::FeedServiceClient::new(self.0.ticketing(tenant));
        let mut routing = routing::v1::feed_service_client::FeedServiceClient::new(self.0.routing(tenant));
        let mut knowledge = knowledge::v1::feed_service_client::FeedServiceClient::new(self.0.knowledge(tenant));
        let (ticketing, routing, knowledge) = tokio::join!(
            ticketing.get_head(GetHeadRequest {}),
            routing.get_head(GetHeadRequest {}),
            knowledge.get_head(GetHeadRequest {}),
        );
        Ok([
            seq(Owner::Ticketing, ticketing)?,
            seq(Owner::Routing, routing)?,
            seq(Owner::Knowledge, knowledge)?,
        ])
    }
}

fn seq(owner: Owner, answer: Result<tonic::Response<GetHeadResponse>, tonic::Status>) -> Result<i64, Error> {
    match answer {
        Ok(head) => Ok(head.get_ref().seq),
        Err(status) => Err(peer_error(owner.name(), status)),
    }
}
