//! What answers on a connection: grpc-web, whose messages are translated, and everything else.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures::future::BoxFuture;
use http::{HeaderName, Method, Request, Response, header};
use hyper::body::Incoming;
use tonic_web::GrpcWebLayer;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

/// Cheap to clone, once for every call.
#[derive(Clone)]
pub(crate) struct Front {
    router: Router,
    web: BoxCloneSyncService<Request<tonic::body::Body>, Response<tonic::body::Body>, Infallible>,
}

impl Front {
    pub(crate) fn new(router: Router) -> Self {
        // Browsers' pages may call from anywhere: a call is let in by its credential, never by a cookie. The headers they
        // ask for are repeated, since a `*` would not cover `authorization`.
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::POST])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static))
            .max_age(Duration::from_secs(3600));
        let web = cors.layer(GrpcWebLayer::new().layer(router.clone()));
        Self {
            router,
            web: BoxCloneSyncService::new(web),
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
        if is_grpc_web(&request) {
            let answer = self.web.clone().oneshot(request.map(tonic::body::Body::new));
            return Box::pin(async move { Ok(answer.await?.map(Body::new)) });
        }
        Box::pin(self.router.clone().oneshot(request.map(Body::new)))
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
