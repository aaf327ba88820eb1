//! FeedService: one line an RPC.

use tonic::Request;
use vorrang_api::feed::v1 as pb;
use vorrang_api::raw::ticketing::feed_service_server::FeedService;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl FeedService for Ticketing {
    type FollowStream = rpc::follow::Responses;

    async fn follow(&self, request: Request<pb::FollowRequest>) -> Answer<Self::FollowStream> {
        answer(rpc::follow::handle(&self.0, request).await)
    }

    async fn get_head(&self, request: Request<pb::GetHeadRequest>) -> Answer<pb::GetHeadResponse> {
        answer(rpc::get_head::handle(&self.0, request).await)
    }

    async fn commit_cursor(&self, request: Request<pb::CommitCursorRequest>) -> Answer<pb::Consumer> {
        answer(rpc::commit_cursor::handle(&self.0, request).await)
    }

    async fn get_consumer(&self, request: Request<pb::GetConsumerRequest>) -> Answer<pb::Consumer> {
        answer(rpc::get_consumer::handle(&self.0, request).await)
    }

    async fn list_consumers(&self, request: Request<pb::ListConsumersRequest>) -> Answer<pb::ListConsumersResponse> {
        answer(rpc::list_consumers::handle(&self.0, request).await)
    }

    async fn delete_consumer(&self, request: Request<pb::DeleteConsumerRequest>) -> Answer<()> {
        answer(rpc::delete_consumer::handle(&self.0, request).await)
    }
}
