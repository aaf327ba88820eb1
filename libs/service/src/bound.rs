//! What a service hands to the chassis to be served.

use std::convert::Infallible;
use std::pin::Pin;

use axum::Router;
use axum::response::IntoResponse;
use futures::future::BoxFuture;
use http::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::{Service, ServiceExt};
use vorrang_error::Error;

use crate::Context;

/// A service that is ready to be served: its gRPC services, its HTTP routes, its background tasks.
pub struct Bound {
    /// Name of the service (`"ticketing"`), for logs.
    pub(crate) name: &'static str,
    pub(crate) grpc: Router,
    pub(crate) grpc_names: Vec<&'static str>,
    pub(crate) http: Router,
    pub(crate) tasks: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

impl Bound {
    /// Nothing to serve yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            grpc: Router::new(),
            grpc_names: Vec::new(),
            http: Router::new(),
            tasks: Vec::new(),
        }
    }

    /// Serves a generated tonic server, wrapped by [`crate::configured!`]. Its health is reported under its full name.
    #[must_use]
    pub fn grpc<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        let service = service.map_request(|request: Request<axum::body::Body>| request.map(Body::new));
        self.grpc = self.grpc.route_service(&format!("/{}/{{*method}}", S::NAME), service);
        self.grpc_names.push(S::NAME);
        self
    }

    /// Serves HTTP routes on the same port. They are behind limits, deadlines and tracing, but **not** behind the identity
    /// layer: a webhook proves itself by its signature, so each route does that on its own.
    #[must_use]
    pub fn http(mut self, routes: Router) -> Self {
        self.http = self.http.merge(routes);
        self
    }

    /// Runs `task` from start to shutdown. It must end soon after [`Context::shutdown`] is cancelled; a panic in it stops
    /// the whole process, since a projection that silently stands still is worse than a restart.
    #[must_use]
    pub fn task(mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> Self {
        self.tasks.push((name, Box::pin(task)));
        self
    }
}

type BindFn = Box<dyn FnOnce(Context) -> Pin<Box<dyn Future<Output = Result<Bound, Error>> + Send>> + Send>;

/// A service's `bind` function together with the service's name: what [`crate::Suite::start`] takes.
pub struct Bind {
    pub(crate) name: &'static str,
    pub(crate) bind: BindFn,
}

impl Bind {
    /// `bind` opens what the service needs and gives what is to be served; it must not wait for peers, which may start later.
    pub fn new<F, Fut>(name: &'static str, bind: F) -> Self
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Bound, Error>> + Send + 'static,
    {
        Self {
            name,
            bind: Box::new(move |context| Box::pin(bind(context))),
        }
    }
}

/// Sets on a generated tonic server what all of ours have: gzip and zstd both ways, the configured largest message received,
/// and 4 MiB as the largest sent, which is what clients in other languages accept.
///
/// `configured!(TicketServiceServer::new(service), context)`
#[macro_export]
macro_rules! configured {
    ($server:expr, $context:expr) => {
        $server
            .accept_compressed($crate::CompressionEncoding::Gzip)
            .accept_compressed($crate::CompressionEncoding::Zstd)
            .send_compressed($crate::CompressionEncoding::Gzip)
            .send_compressed($crate::CompressionEncoding::Zstd)
            .max_decoding_message_size($context.config.limits.max_message_bytes)
            .max_encoding_message_size($crate::MAX_RESPONSE_BYTES)
    };
}
