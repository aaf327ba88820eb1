//! Calls to the other services.
//!
//! Every call carries an internal token, the trace context and what is left of the deadline. Channels connect when they are
//! first used and again whenever they broke: a peer may be down when we start, its calls are UNAVAILABLE until it is back.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, TimeoutExpired};
use tower::{Service, service_fn};
use tracing::Instrument as _;
use vorrang_error::Error;
use vorrang_identity::Minter;
use vorrang_telemetry::metrics::{attribute, attributes};

use crate::config::PeersConfig;
use crate::deadline;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Servers in other languages refuse more frequent pings than one per five minutes.
const KEEPALIVE: Duration = Duration::from_secs(300);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Enough for a fast stream on a long line; the default of 64 KiB is not.
const WINDOW: u32 = 4 * 1024 * 1024;
const PIPE_BYTES: usize = 256 * 1024;

/// Where the other services are. Clones share the connections.
#[derive(Clone)]
pub struct Peers(Arc<Inner>);

struct Inner {
    service: &'static str,
    minter: Minter,
    channels: Arc<Channels>,
}

/// The connections of a process; services of one process share them.
pub(crate) struct Channels {
    ticketing: Channel,
    ingestion: Channel,
    routing: Channel,
    knowledge: Channel,
    analytics: Channel,
}

impl Channels {
    /// Those that have no address are reached through `pipes`, whose other ends the server of this process accepts: no port
    /// is involved, and calls among ourselves still work while connections from outside are being drained. Must be called
    /// inside a runtime.
    ///
    /// Fails with Invalid when an address is malformed.
    pub(crate) fn new(config: &PeersConfig, pipes: mpsc::Sender<DuplexStream>) -> Result<Arc<Self>, Error> {
        let own = piped(pipes);
        let channel = |key: &'static str, url: &str| match url {
            "" => Ok(own.clone()),
            url => Ok(endpoint(key, url)?.connect_lazy()),
        };
        Ok(Arc::new(Self {
            ticketing: channel("peers.ticketing", &config.ticketing)?,
            ingestion: channel("peers.ingestion", &config.ingestion)?,
            routing: channel("peers.routing", &config.routing)?,
            knowledge: channel("peers.knowledge", &config.knowledge)?,
            analytics: channel("peers.analytics", &config.analytics)?,
        }))
    }
}

fn endpoint(key: &'static str, url: &str) -> Result<Endpoint, Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|why| Error::invalid_field(key, format!("is not http://host:port: {why}")))?;
    Ok(tuned(endpoint).connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true))
}

fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
}

fn piped(pipes: mpsc::Sender<DuplexStream>) -> Channel {
    let connect = move |_: Uri| {
        let pipes = pipes.clone();
        async move {
            let (client, server) = tokio::io::duplex(PIPE_BYTES);
            let closed = |_| std::io::Error::new(ErrorKind::ConnectionRefused, "this process has stopped serving");
            pipes.send(server).await.map_err(closed)?;
            Ok::<_, std::io::Error>(TokioIo::new(client))
        }
    };
    // The name is only for headers; nobody resolves it.
    tuned(Endpoint::from_static("http://localhost")).connect_with_connector_lazy(service_fn(connect))
}

impl Peers {
    pub(crate) fn new(service: &'static str, minter: Minter, channels: Arc<Channels>) -> Self {
        Self(Arc::new(Inner {
            service,
            minter,
            channels,
        }))
    }

    /// Ticketing, on behalf of `tenant` or (`None`) of all tenants. Give it to a generated client.
    pub fn ticketing(&self, tenant: Option<&str>) -> PeerChannel {
        self.peer(&self.0.channels.ticketing, tenant)
    }

    /// Ingestion; see [`Peers::ticketing`].
    pub fn ingestion(&self, tenant: Option<&str>) -> PeerChannel {
        self.peer(&self.0.channels.ingestion, tenant)
    }

    /// Routing; see [`Peers::ticketing`].
    pub fn routing(&self, tenant: Option<&str>) -> PeerChannel {
        self.peer(&self.0.channels.routing, tenant)
    }

    /// Knowledge; see [`Peers::ticketing`].
    pub fn knowledge(&self, tenant: Option<&str>) -> PeerChannel {
        self.peer(&self.0.channels.knowledge, tenant)
    }

    /// Analytics; see [`Peers::ticketing`].
    pub fn analytics(&self, tenant: Option<&str>) -> PeerChannel {
        self.peer(&self.0.channels.analytics, tenant)
    }

    fn peer(&self, channel: &Channel, tenant: Option<&str>) -> PeerChannel {
        PeerChannel {
            channel: channel.clone(),
            peers: self.0.clone(),
            tenant: tenant.map(Arc::from),
        }
    }
}

/// A connection to a peer on behalf of one tenant or of all. Cheap to make and to clone.
#[derive(Clone)]
pub struct PeerChannel {
    channel: Channel,
    peers: Arc<Inner>,
    tenant: Option<Arc<str>>,
}

impl Service<Request<Body>> for PeerChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Status>> {
        Service::poll_ready(&mut self.channel, context).map_err(broken)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = request.uri().path().trim_start_matches('/').to_owned();
        let span = tracing::info_span!(
            "call",
            otel.name = method,
            otel.kind = "client",
            rpc.system.name = "grpc",
            rpc.method = method,
        );
        self.equip(&span, &mut request);
        let call = Service::call(&mut self.channel, request);
        let started = tokio::time::Instant::now();
        let timed = async move {
            let answer = call.await;
            vorrang_telemetry::metrics().rpc_client_call_duration.record(
                started.elapsed().as_secs_f64(),
                &[
                    attribute(attributes::RPC_SYSTEM, "grpc"),
                    attribute(attributes::RPC_METHOD, method),
                ],
            );
            answer
                .map_err(broken)
                .map(|response| response.map(|body| Body::new(body.map_err(broken))))
        };
        Box::pin(timed.instrument(span))
    }
}

/// What the peer itself says comes as a status in headers or trailers; an error of the connection only says that nobody
/// knows the outcome, and whatever its code is in tonic, for us it is UNAVAILABLE, or DEADLINE_EXCEEDED when it was time.
fn broken(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Status {
    let status = Status::from_error(why.into());
    let mut cause = StdError::source(&status);
    let mut timed_out = false;
    while let Some(why) = cause {
        timed_out |= why.is::<TimeoutExpired>();
        cause = why.source();
    }
    let mut answer = match timed_out {
        true => Status::deadline_exceeded("the peer did not answer in time"),
        false => Status::unavailable(format!("the connection to the peer broke: {}", status.message())),
    };
    answer.set_source(Arc::new(status));
    answer
}

impl PeerChannel {
    fn equip(&self, span: &tracing::Span, request: &mut Request<Body>) {
        let token = self.peers.minter.mint(self.tenant.as_deref(), self.peers.service);
        let headers = request.headers_mut();
        if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}")) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        span.in_scope(|| vorrang_telemetry::into_headers(headers));
        if let Some(remaining) = deadline::remaining()
            && !headers.contains_key(deadline::HEADER)
        {
            headers.insert(deadline::HEADER, deadline::to_header(remaining));
        }
    }
}
