//! Accepts connections and speaks HTTP/1.1, HTTP/2 and grpc-web on them.
//!
//! Our own loop instead of tonic's: its timeout layer, which cannot be switched off, would answer CANCELLED where
//! DEADLINE_EXCEEDED is due, and its connections cannot be ended when draining takes too long.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures::future::BoxFuture;
use http::{HeaderName, Method, Request, Response, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_http::cors::{Any, CorsLayer};
use vorrang_error::Error;

use crate::config::LimitsConfig;

/// Pings on connections without traffic, so that dead ones are noticed; a client that does not answer in time is dropped.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a client may take for the headers of an HTTP/1.1 request.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);
const WINDOW: u32 = 4 * 1024 * 1024;
const STREAM_WINDOW: u32 = 1024 * 1024;

/// How a server is told to end, step by step.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// No new connections; those from outside finish what is in work.
    pub(crate) drain: CancellationToken,
    /// Streams end.
    pub(crate) cut: CancellationToken,
    /// All connections are dropped.
    pub(crate) hard: CancellationToken,
}

/// Listens on `address`. `key` is the configuration key it comes from.
///
/// Fails with Unavailable, in words that say what to do, when the port is taken or the address is not ours.
pub(crate) async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|why| {
        let what = match why.kind() {
            std::io::ErrorKind::AddrInUse => "the port is taken; stop the other process or set another one".to_owned(),
            _ => why.to_string(),
        };
        Error::unavailable("CANNOT_LISTEN", format!("cannot listen on {address} ({key}): {what}"))
    })
}

/// Serves connections from outside until `stop.drain`, and then ends when the last of them has, or at `stop.hard`.
pub(crate) async fn serve(listener: TcpListener, front: Front, stop: Stop) {
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            () = stop.drain.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    // Without it small messages wait for each other; that it fails means that the client is gone.
                    let _ = socket.set_nodelay(true);
                    connections.spawn(connection(socket, front.clone(), stop.drain.clone(), stop.hard.clone()));
                }
                Err(why) => {
                    // Out of file descriptors, mostly: some will be free in a moment.
                    tracing::warn!(error = %why, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = stop.hard.cancelled() => {}
    }
}

/// Serves the pipes of our own services until `stop.hard`: what is in work needs them while it is being drained.
pub(crate) async fn serve_pipes(mut pipes: mpsc::Receiver<DuplexStream>, front: Front, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.hard.cancelled() => return,
            pipe = pipes.recv() => match pipe {
                Some(pipe) => {
                    tokio::spawn(connection(pipe, front.clone(), stop.hard.clone(), stop.hard.clone()));
                }
                None => return,
            },
        }
    }
}

fn builder(limits: &LimitsConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let streams = limits.max_concurrent_requests.saturating_add(limits.max_streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_concurrent_streams(u32::try_from(streams).unwrap_or(u32::MAX));
    builder
}

async fn connection<I>(io: I, front: Front, drain: CancellationToken, hard: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = front.builder.clone();
    let served = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(front));
    tokio::pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = hard.cancelled() => return,
        () = drain.cancelled() => {
            served.as_mut().graceful_shutdown();
            tokio::select! {
                result = served => result,
                () = hard.cancelled() => return,
            }
        }
    };
    if let Err(why) = result {
        tracing::debug!(error = why, "a connection broke");
    }
}

/// What answers on a connection: grpc-web, whose messages are translated, and everything else.
#[derive(Clone)]
pub(crate) struct Front {
    builder: Builder<TokioExecutor>,
    router: Router,
    web: tower::util::BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
}

impl Front {
    pub(crate) fn new(router: Router, limits: &LimitsConfig) -> Self {
        // Browsers' pages may call from anywhere: a call is let in by its credential, never by a cookie.
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::POST])
            .allow_headers(Any)
            .expose_headers(["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static))
            .max_age(Duration::from_secs(3600));
        let web = cors.layer(GrpcWebLayer::new().layer(router.clone()));
        Self {
            builder: builder(limits),
            router,
            web: tower::util::BoxCloneSyncService::new(web),
        }
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let request = request.map(Body::new);
        if is_grpc_web(&request) {
            return Box::pin(self.web.clone().oneshot(request));
        }
        let router = self.router.clone();
        Box::pin(async move { Ok(router.oneshot(request).await?.map(Body::new)) })
    }
}

fn is_grpc_web<B>(request: &Request<B>) -> bool {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let preflight = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|kind| kind.starts_with("application/grpc-web"))
        || (request.method() == Method::OPTIONS && preflight.is_some_and(|headers| headers.contains("x-grpc-web")))
}
