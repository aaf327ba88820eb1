//! The gRPC face of the service: one line an RPC.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryFutureExt as _};
use tonic::{Request, Response, Status};
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse,
};
use vorrang_api::knowledge::v1::article_service_server::ArticleService;
use vorrang_api::knowledge::v1::session_service_server::SessionService;
use vorrang_api::knowledge::v1::{
    Article, CreateArticleRequest, EscalateSessionRequest, GetArticleRequest, GetSessionRequest, ListArticlesRequest,
    ListArticlesResponse, PublishArticleRequest, RecordViewRequest, SearchArticlesRequest, SearchArticlesResponse,
    Session, SolveSessionRequest, StartSessionRequest, UnpublishArticleRequest, UpdateArticleRequest,
};
use vorrang_api::raw;
use vorrang_api::raw::knowledge::feed_service_server::FeedService;
use vorrang_service::status;

use crate::app::App;
use crate::rpc;

type Answer<T> = Result<Response<T>, Status>;

/// Serves all of knowledge's contracts.
#[derive(Clone)]
pub(crate) struct Knowledge(pub(crate) App);

#[tonic::async_trait]
impl ArticleService for Knowledge {
    async fn create_article(&self, request: Request<CreateArticleRequest>) -> Answer<Article> {
        rpc::create_article::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_article(&self, request: Request<GetArticleRequest>) -> Answer<Article> {
        rpc::get_article::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn list_articles(&self, request: Request<ListArticlesRequest>) -> Answer<ListArticlesResponse> {
        rpc::list_articles::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn update_article(&self, request: Request<UpdateArticleRequest>) -> Answer<Article> {
        rpc::update_article::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn publish_article(&self, request: Request<PublishArticleRequest>) -> Answer<Article> {
        rpc::publish_article::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn unpublish_article(&self, request: Request<UnpublishArticleRequest>) -> Answer<Article> {
        rpc::unpublish_article::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn search_articles(&self, request: Request<SearchArticlesRequest>) -> Answer<SearchArticlesResponse> {
        rpc::search_articles::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }
}

#[tonic::async_trait]
impl SessionService for Knowledge {
    async fn start_session(&self, request: Request<StartSessionRequest>) -> Answer<Session> {
        rpc::start_session::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn get_session(&self, request: Request<GetSessionRequest>) -> Answer<Session> {
        rpc::get_session::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn record_view(&self, request: Request<RecordViewRequest>) -> Answer<Session> {
        rpc::record_view::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn solve_session(&self, request: Request<SolveSessionRequest>) -> Answer<Session> {
        rpc::solve_session::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }

    async fn escalate_session(&self, request: Request<EscalateSessionRequest>) -> Answer<Session> {
        rpc::escalate_session::handle(&self.0, request)
            .map_ok(Response::new)
            .map_err(status)
            .await
    }
}

#[tonic::async_trait]
impl FeedService for Knowledge {
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
