//! Puts services, public services and layers together.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use tokio_util::sync::CancellationToken;
use tonic_health::server::HealthReporter;
use vorrang_error::{Error, Kind};
use vorrang_identity::Verifier;

use crate::bound::Bound;
use crate::config::LimitsConfig;
use crate::layers::deadline::Deadlines;
use crate::layers::identity::Identity;
use crate::layers::load::Load;
use crate::layers::rate::Rate;
use crate::layers::trace::Traces;
use crate::layers::{deadline, explain, identity, load, panic, trace};
use crate::methods::Methods;
use crate::refusal::{http_error, is_grpc};
use crate::status::foreign::unknown_method;

/// What the layers need.
pub(crate) struct Parts {
    pub(crate) methods: Arc<Methods>,
    pub(crate) verifier: Verifier,
    pub(crate) rate: Rate,
    pub(crate) limits: LimitsConfig,
    /// Cancelled when the process begins to stop.
    pub(crate) drain: CancellationToken,
    /// Cancelled when streams must end.
    pub(crate) cut: CancellationToken,
}

/// Everything that is served on the one port.
///
/// Fails with Internal when the descriptor sets are damaged.
pub(crate) fn router(services: &mut [Bound], health: &HealthReporter, parts: Parts) -> Result<Router, Error> {
    let mut closed = Router::new();
    let mut http = Router::new();
    let mut names = Vec::new();
    for service in services {
        closed = closed.merge(std::mem::take(&mut service.grpc));
        http = http.merge(std::mem::take(&mut service.http));
        names.extend(service.grpc_names.iter().copied());
    }
    let identity = Identity {
        methods: parts.methods.clone(),
        verifier: parts.verifier.clone(),
        rate: parts.rate,
    };
    let closed = closed.layer(from_fn_with_state(identity, identity::admit));
    // What a gRPC message may be long, a request's body may be too.
    let http = http.layer(DefaultBodyLimit::max(parts.limits.max_message_bytes));
    let load = Load::new(parts.methods.clone(), parts.verifier, &parts.limits);
    let deadlines = Deadlines {
        methods: parts.methods.clone(),
        cut: parts.cut,
    };
    let traces = Traces {
        methods: parts.methods,
        drain: parts.drain,
    };
    Ok(closed
        .merge(public(health, &names)?)
        .merge(http)
        .fallback(nothing_here)
        .layer(from_fn_with_state(load, load::shed))
        .layer(from_fn_with_state(deadlines, deadline::enforce))
        .layer(from_fn(panic::catch))
        .layer(from_fn(explain::explain))
        .layer(from_fn_with_state(traces, trace::record)))
}

/// Health and both reflections: what tools ask before they have a credential.
fn public(health: &HealthReporter, names: &[&'static str]) -> Result<Router, Error> {
    let health = tonic_health::pb::health_server::HealthServer::new(
        tonic_health::server::HealthService::from_health_reporter(health.clone()),
    );
    let reflection = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(vorrang_api::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        names
            .iter()
            .fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let damaged = |why| Error::internal("the descriptor set cannot be served").caused_by(why);
    let v1 = reflection().with_service_name("grpc.reflection.v1.ServerReflection");
    let v1alpha = reflection().with_service_name("grpc.reflection.v1alpha.ServerReflection");
    let bound = Bound::new("public")
        .grpc(health)
        .grpc(v1.build_v1().map_err(damaged)?)
        .grpc(v1alpha.build_v1alpha().map_err(damaged)?);
    Ok(bound.grpc)
}

async fn nothing_here(request: Request) -> Response {
    if is_grpc(request.headers()) {
        return unknown_method(request.uri().path()).into_http();
    }
    http_error(Error::new(Kind::NotFound, "ROUTE_NOT_FOUND", "no such route"))
}
