//! A service with two methods, one unary and one streaming, whose handlers each test writes.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tower::util::BoxCloneService;
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse,
};
use vorrang_api::knowledge::v1::FollowResponse;
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_api::knowledge::v1::feed_service_server::{FeedService, FeedServiceServer};
use vorrang_identity::{NewKey, Scope, Scopes};
use vorrang_service::{Bind, Bound, Config, Context, Running, Suite, configured};
use vorrang_testkit::{DataFolder, data_folder};

pub type Head =
    Arc<dyn Fn(Request<GetHeadRequest>) -> BoxFuture<'static, Result<GetHeadResponse, Status>> + Send + Sync>;
pub type Follow = Arc<dyn Fn() -> BoxStream<'static, Result<FollowResponse, Status>> + Send + Sync>;

/// A service with the handlers of one test.
#[derive(Clone)]
pub struct Fake {
    head: Head,
    follow: Follow,
}

impl Fake {
    pub fn new() -> Self {
        Self {
            head: Arc::new(|_| Box::pin(async { Ok(head("fine")) })),
            follow: Arc::new(|| Box::pin(futures::stream::iter([Ok(event("one")), Ok(event("two"))]))),
        }
    }

    /// What the unary method does.
    pub fn head<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Request<GetHeadRequest>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<GetHeadResponse, Status>> + Send + 'static,
    {
        self.head = Arc::new(move |request| Box::pin(handler(request)));
        self
    }

    /// What the streaming method does.
    pub fn follow<F, S>(mut self, handler: F) -> Self
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: futures::Stream<Item = Result<FollowResponse, Status>> + Send + 'static,
    {
        self.follow = Arc::new(move || Box::pin(handler()));
        self
    }

    /// What a service crate's `bind` does.
    pub fn bind(self) -> Bind {
        Bind::new("knowledge", move |context: Context| async move {
            Ok(Bound::new("knowledge").grpc(configured!(FeedServiceServer::new(self), context)))
        })
    }

    pub async fn start(self) -> Server {
        self.start_with(|_| {}).await
    }

    /// Starts with a changed configuration.
    pub async fn start_with(self, change: impl FnOnce(&mut Config)) -> Server {
        Server::start(vec![self.bind()], change).await
    }
}

#[tonic::async_trait]
impl FeedService for Fake {
    type FollowStream = BoxStream<'static, Result<FollowResponse, Status>>;

    async fn follow(&self, _: Request<FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        Ok(Response::new((self.follow)()))
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        (self.head)(request).await.map(Response::new)
    }

    async fn commit_cursor(&self, _: Request<CommitCursorRequest>) -> Result<Response<Consumer>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_consumer(&self, _: Request<GetConsumerRequest>) -> Result<Response<Consumer>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_consumers(
        &self,
        _: Request<ListConsumersRequest>,
    ) -> Result<Response<ListConsumersResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn delete_consumer(&self, _: Request<DeleteConsumerRequest>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

pub fn head(cursor: &str) -> GetHeadResponse {
    GetHeadResponse {
        cursor: cursor.to_owned(),
        ..GetHeadResponse::default()
    }
}

pub fn event(cursor: &str) -> FollowResponse {
    FollowResponse {
        cursor: cursor.to_owned(),
        ..FollowResponse::default()
    }
}

/// A running suite with its data folder.
pub struct Server {
    pub running: Running,
    folder: DataFolder,
}

pub type Client = FeedServiceClient<InterceptedService<Channel, Key>>;

impl Server {
    pub async fn start(services: Vec<Bind>, change: impl FnOnce(&mut Config)) -> Self {
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        change(&mut config);
        let running = Suite::start(config, vorrang_clock::system(), services)
            .await
            .expect("it starts");
        Self { running, folder }
    }

    /// A key of `tenant` with `scopes`.
    pub async fn key(&self, tenant: &str, scopes: &[Scope]) -> String {
        let new = NewKey {
            tenant: tenant.to_owned(),
            label: "test".to_owned(),
            scopes: Scopes::of(scopes),
            expires_at: None,
        };
        self.running.context().keys.create(new).await.expect("a key is made").1
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.running.url()).expect("a URL");
        endpoint.connect().await.expect("it listens")
    }

    /// A client that may call both methods, as tenant `acme`.
    pub async fn client(&self) -> Client {
        let key = self.key("acme", &[Scope::FeedRead]).await;
        FeedServiceClient::with_interceptor(self.channel().await, Key(key))
    }

    /// As [`Server::client`], on a bare connection: tonic's own channel ends calls by its own timer, with another code.
    pub async fn bare_client(&self) -> FeedServiceClient<InterceptedService<Bare, Key>> {
        let key = self.key("acme", &[Scope::FeedRead]).await;
        let socket = tokio::net::TcpStream::connect(self.running.addr())
            .await
            .expect("it listens");
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await;
        let (sender, connection) = handshake.expect("HTTP/2");
        tokio::spawn(connection);
        let send = tower::service_fn(move |request| sender.clone().send_request(request));
        let origin = self.running.url().parse().expect("a URL");
        FeedServiceClient::with_origin(InterceptedService::new(Bare::new(send), Key(key)), origin)
    }

    /// The folder, to start another suite on it.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

pub type Bare = BoxCloneService<http::Request<tonic::body::Body>, http::Response<hyper::body::Incoming>, hyper::Error>;

/// Sends a key with every call.
#[derive(Clone)]
pub struct Key(pub String);

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = format!("Bearer {}", self.0);
        request
            .metadata_mut()
            .insert("authorization", MetadataValue::try_from(value).expect("ASCII"));
        Ok(request)
    }
}

/// A server that does nothing but its default.
pub async fn plain() -> Server {
    Fake::new().start().await
}
