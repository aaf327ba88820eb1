//! The gRPC face of the service: one line an RPC.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryFutureExt as _};
use tonic::{Request, Response, Status, Streaming};
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse,
};
use vorrang_api::raw;
use vorrang_api::raw::routing::feed_service_server::FeedService;
use vorrang_api::routing::v1::agent_service_server::AgentService;
use vorrang_api::routing::v1::queue_service_server::QueueService;
use vorrang_api::routing::v1::work_service_server::WorkService;
use vorrang_api::routing::v1::{
    Agent, CreateAgentRequest, GetAgentRequest, GetQueueStatsRequest, GetQueueStatsResponse, GetRoutingPolicyRequest,
    GetWaitRequest, GetWaitResponse, ListAgentsRequest, ListAgentsResponse, PeekQueueRequest, PeekQueueResponse,
    RoutingPolicy, UpdateAgentRequest, UpdateRoutingPolicyRequest, WorkRequest, WorkResponse,
};
use vorrang_service::status;

use crate::app::App;
use crate::rpc;

type Answer<T> = Result<Response<T>, Status>;

/// Serves all of routing's contracts.
#[derive(Clone)]
pub(crate) struct Routing(pub(crate) App);

#[tonic::async_trait]
impl AgentService for Routing {
    async fn create_agent(&self, request: Request<CreateAgentRequest>) -> Answer<Agent> {
        rpc::create_agent::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_agent(&self, request: Request<GetAgentRequest>) -> Answer<Agent> {
        rpc::get_agent::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn list_agents(&self, request: Request<ListAgentsRequest>) -> Answer<ListAgentsResponse> {
        rpc::list_agents::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn update_agent(&self, request: Request<UpdateAgentRequest>) -> Answer<Agent> {
        rpc::update_agent::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_routing_policy(&self, request: Request<GetRoutingPolicyRequest>) -> Answer<RoutingPolicy> {
        rpc::get_routing_policy::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn update_routing_policy(&self, request: Request<UpdateRoutingPolicyRequest>) -> Answer<RoutingPolicy> {
        rpc::update_routing_policy::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }
}

#[tonic::async_trait]
impl QueueService for Routing {
    async fn get_queue_stats(&self, request: Request<GetQueueStatsRequest>) -> Answer<GetQueueStatsResponse> {
        rpc::get_queue_stats::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_wait(&self, request: Request<GetWaitRequest>) -> Answer<GetWaitResponse> {
        rpc::get_wait::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn peek_queue(&self, request: Request<PeekQueueRequest>) -> Answer<PeekQueueResponse> {
        rpc::peek_queue::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }
}

#[tonic::async_trait]
impl WorkService for Routing {
    type WorkStream = BoxStream<'static, Result<WorkResponse, Status>>;

    async fn work(&self, request: Request<Streaming<WorkRequest>>) -> Answer<Self::WorkStream> {
        rpc::work::handle(&self.0, request)
            .map(|stream| Response::new(stream.boxed()))
            .map_err(status)
    }
}

#[tonic::async_trait]
impl FeedService for Routing {
    type FollowStream = BoxStream<'static, Result<raw::FollowResponse, Status>>;

    async fn follow(&self, request: Request<FollowRequest>) -> Answer<Self::FollowStream> {
        rpc::follow::handle(&self.0, request)
            .map_ok(|stream| Response::new(stream.boxed()))
            .map_err(status)
            .await
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Answer<GetHeadResponse> {
        rpc::get_head::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn commit_cursor(&self, request: Request<CommitCursorRequest>) -> Answer<Consumer> {
        rpc::commit_cursor::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_consumer(&self, request: Request<GetConsumerRequest>) -> Answer<Consumer> {
        rpc::get_consumer::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn list_consumers(&self, request: Request<ListConsumersRequest>) -> Answer<ListConsumersResponse> {
        rpc::list_consumers::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn delete_consumer(&self, request: Request<DeleteConsumerRequest>) -> Answer<()> {
        rpc::delete_consumer::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }
}
