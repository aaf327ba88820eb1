//! Calls to the other services.
//!
//! Every call carries an internal token, the trace context and what is left of the deadline. Channels connect when they are
//! first used and again whenever they broke: a peer may be down when we start, its calls are UNAVAILABLE until it is back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header};
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint, Error as TransportError};
use tower::Service;
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
    /// `own` is where we listen ourselves, for those that have no address. Must be called inside a runtime.
    ///
    /// Fails with Invalid when an address is malformed.
    pub(crate) fn new(config: &PeersConfig, own: SocketAddr) -> Result<Arc<Self>, Error> {
        let own = lazy("listen", &format!("http://{}", reachable(own)))?;
        let channel = |key: &'static str, url: &str| match url {
            "" => Ok(own.clone()),
            url => lazy(key, url),
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

fn lazy(key: &'static str, url: &str) -> Result<Channel, Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|why| Error::invalid_field(key, format!("is not http://host:port: {why}")))?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .tcp_nodelay(true)
        .connect_lazy())
}

/// An address for ourselves: whoever listens everywhere is reached on loopback.
fn reachable(own: SocketAddr) -> SocketAddr {
    let ip = match own.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, own.port())
}

impl Peers {
    pub(crate) fn new(service: &'static str, minter: Minter, channels: Arc<Channels>) -> Self {
        Self(Arc::new(Inner { service, minter, channels }))
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
        PeerChannel { channel: channel.clone(), peers: self.0.clone(), tenant: tenant.map(Arc::from) }
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
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Response<Body>, TransportError>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), TransportError>> {
        Service::poll_ready(&mut self.channel, context)
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
                &[attribute(attributes::RPC_SYSTEM, "grpc"), attribute(attributes::RPC_METHOD, method)],
            );
            answer
        };
        Box::pin(timed.instrument(span))
    }
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
