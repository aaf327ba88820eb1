//! Every request becomes a span, a measurement and, unless it went well, a line in the log.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};
use http_body::Body as _;
use std::task::Poll;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tracing::{Instrument as _, Level, Span, field};
use vorrang_identity::{Caller, Tenant};
use vorrang_telemetry::metrics::{attribute, attributes, metrics};

use crate::body::watched;
use crate::methods::Methods;
use crate::refusal::is_grpc;

/// What stands for every name that we do not know, by the conventions.
const OTHER: &str = "_OTHER";
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// Who acted, for the log; passed outwards in the response's extensions, since only inner layers know.
#[derive(Clone)]
pub(crate) struct Actor {
    tenant: String,
    credential: String,
}

impl Actor {
    pub(crate) fn of(caller: &Caller) -> Self {
        let tenant = match &caller.tenant {
            Tenant::One(name) => name.clone(),
            Tenant::All => "*".to_owned(),
        };
        Self {
            tenant,
            credential: caller.credential_id.clone(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Traces {
    pub(crate) methods: Arc<Methods>,
    /// Cancelled when the process begins to stop.
    pub(crate) drain: CancellationToken,
}

pub(crate) async fn record(State(traces): State<Traces>, request: Request, next: Next) -> Response {
    let mut call = Call::begin(traces, &request);
    let span = call.span.clone();
    let response = next.run(request).instrument(span.clone()).await;
    call.actor = response.extensions().get().cloned();
    match &call.kind {
        Kind::Http { .. } => call.outcome = Some(Outcome::Http(response.status().as_u16())),
        Kind::Grpc { .. } => call.note(response.headers()),
    }
    response.map(|body| {
        watched(body, move |body, context| {
            let polled = span.in_scope(|| body.poll_frame(context));
            if let Poll::Ready(Some(Ok(frame))) = &polled
                && let Some(trailers) = frame.trailers_ref()
            {
                call.note(trailers);
            }
            polled
        })
    })
}

/// A request in work; what it was is recorded when it is dropped, whatever ended it.
struct Call {
    kind: Kind,
    span: Span,
    started: Instant,
    outcome: Option<Outcome>,
    actor: Option<Actor>,
    drain: CancellationToken,
}

enum Kind {
    Grpc { method: String, stream: bool },
    Http { method: &'static str, route: String },
}

#[derive(Clone, Copy)]
enum Outcome {
    Grpc(Code),
    Http(u16),
}

impl Call {
    fn begin(traces: Traces, request: &Request) -> Self {
        let kind = if is_grpc(request.headers()) {
            // Names that clients invent must not become time series.
            let known = traces.methods.get(request.uri().path());
            Kind::Grpc {
                method: known.map_or_else(|| OTHER.to_owned(), |method| method.name.clone()),
                stream: known.is_some_and(|method| method.streaming),
            }
        } else {
            let route = request
                .extensions()
                .get::<MatchedPath>()
                .map(|path| path.as_str().to_owned());
            Kind::Http {
                method: known(request.method()),
                route: route.unwrap_or_else(|| OTHER.to_owned()),
            }
        };
        let span = match &kind {
            Kind::Grpc { method, .. } => tracing::info_span!(
                "request",
                otel.name = method,
                otel.kind = "server",
                otel.status_code = field::Empty,
                rpc.system.name = "grpc",
                rpc.method = method,
                rpc.response.status_code = field::Empty,
                vorrang.tenant = field::Empty,
            ),
            Kind::Http { method, route } => tracing::info_span!(
                "request",
                otel.name = format!("{method} {route}"),
                otel.kind = "server",
                otel.status_code = field::Empty,
                http.request.method = method,
                http.route = route,
                http.response.status_code = field::Empty,
            ),
        };
        vorrang_telemetry::from_headers(&span, request.headers());
        let call = Self {
            kind,
            span,
            started: Instant::now(),
            outcome: None,
            actor: None,
            drain: traces.drain,
        };
        call.count(1);
        call
    }

    fn count(&self, change: i64) {
        if let Kind::Grpc { method, .. } = &self.kind {
            metrics()
                .rpc_server_active_requests
                .add(change, &[attribute(attributes::RPC_METHOD, method.clone())]);
        }
    }

    fn note(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.outcome = Some(Outcome::Grpc(Code::from_bytes(code.as_bytes())));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.count(-1);
        if let Some(actor) = &self.actor {
            self.span.record("vorrang.tenant", actor.tenant.as_str());
        }
        let took = self.started.elapsed().as_secs_f64();
        match (&self.kind, self.outcome) {
            (Kind::Grpc { method, stream }, outcome) => {
                let code = match outcome {
                    Some(Outcome::Grpc(code)) => code,
                    // The client went away, or we were stopped the hard way.
                    _ => Code::Cancelled,
                };
                let name = name(code);
                self.span.record("rpc.response.status_code", name);
                // A stream that we ended because we stop is no failure, and every client of every stop would log one.
                let stopped = *stream && code == Code::Unavailable && self.drain.is_cancelled();
                let level = match code {
                    Code::Ok | Code::Cancelled => Level::DEBUG,
                    _ if stopped => Level::DEBUG,
                    code if is_our_fault(code) => Level::WARN,
                    _ => Level::INFO,
                };
                if level == Level::WARN {
                    self.span.record("otel.status_code", "ERROR");
                }
                metrics().rpc_server_call_duration.record(
                    took,
                    &[
                        attribute(attributes::RPC_SYSTEM, "grpc"),
                        attribute(attributes::RPC_METHOD, method.clone()),
                        attribute(attributes::RPC_STATUS, name),
                    ],
                );
                self.log(level, method, name, took);
            }
            (Kind::Http { method, route }, outcome) => {
                let status = match outcome {
                    Some(Outcome::Http(status)) => status,
                    _ => 499,
                };
                self.span.record("http.response.status_code", status);
                if status >= 500 {
                    self.span.record("otel.status_code", "ERROR");
                }
                metrics().http_server_request_duration.record(
                    took,
                    &[
                        attribute(attributes::HTTP_METHOD, *method),
                        attribute(attributes::HTTP_ROUTE, route.clone()),
                        attribute(attributes::HTTP_STATUS, i64::from(status)),
                    ],
                );
                let what = format!("{method} {route}");
                let level = match status {
                    ..400 | 499 => Level::DEBUG,
                    500.. => Level::WARN,
                    _ => Level::INFO,
                };
                self.log(level, &what, &status.to_string(), took);
            }
        }
    }
}

impl Call {
    fn log(&self, level: Level, method: &str, code: &str, seconds: f64) {
        let _inside = self.span.enter();
        let tenant = self.actor.as_ref().map(|actor| actor.tenant.as_str());
        let credential = self.actor.as_ref().map(|actor| actor.credential.as_str());
        match level {
            Level::WARN => tracing::warn!(method, code, seconds, tenant, credential, "request failed"),
            Level::DEBUG => tracing::debug!(method, code, seconds, tenant, credential, "request"),
            _ => tracing::info!(method, code, seconds, tenant, credential, "request refused"),
        }
    }
}

/// The name of an HTTP method; clients may invent any number of others.
fn known(method: &Method) -> &'static str {
    let known = METHODS.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or(OTHER)
}

/// Which codes make a server span an error, by the RPC conventions.
fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
