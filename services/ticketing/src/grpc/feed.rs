//! FeedService: one line an RPC.

use tonic::Request;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest, GetHeadResponse};
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::feed_service_server::FeedService for Ticketing {
    type FollowStream = rpc::follow::Responses;

    async fn follow(&self, request: Request<FollowRequest>) -> Answer<Self::FollowStream> {
        answer(rpc::follow::handle(&self.0, request).await)
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Answer<GetHeadResponse> {
        answer(rpc::get_head::handle(&self.0, request).await)
    }
}
