//! More than fits is refused at once instead of making everybody slow: RESOURCE_EXHAUSTED with RetryInfo.
//!
//! Unary calls and streams have separate places, so that open streams do not starve calls. Calls of our own services have
//! separate places too: a call that is in work needs them to finish, and a flood from outside must not cut a projection
//! off. Who claims to be one of them without being so holds a place only until the identity layer refuses.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use http_body::Body as _;
use tokio::sync::Semaphore;
use vorrang_error::Error;
use vorrang_telemetry::metrics::{attribute, attributes, metrics};

use crate::body::watched;
use crate::config::LimitsConfig;
use crate::methods::Methods;
use crate::refusal::{is_grpc, refuse};

const HEALTH: &str = "grpc.health.v1.Health/";
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Load {
    methods: Arc<Methods>,
    outside: Places,
    inside: Places,
}

#[derive(Clone)]
struct Places {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Load {
    pub(crate) fn new(methods: Arc<Methods>, limits: &LimitsConfig) -> Self {
        let places = || Places {
            requests: Arc::new(Semaphore::new(limits.max_concurrent_requests)),
            streams: Arc::new(Semaphore::new(limits.max_streams)),
        };
        Self {
            methods,
            outside: places(),
            inside: places(),
        }
    }
}

pub(crate) async fn shed(State(load): State<Load>, request: Request, next: Next) -> Response {
    let method = load.methods.get(request.uri().path());
    // Who watches the health must be answered above all when we are full.
    if method.is_some_and(|method| method.name.starts_with(HEALTH)) {
        return next.run(request).await;
    }
    let places = if claims_internal(request.headers()) {
        load.inside
    } else {
        load.outside
    };
    let (places, limit) = match method {
        Some(method) if method.streaming => (places.streams, "streams"),
        _ => (places.requests, "requests"),
    };
    let Ok(place) = places.try_acquire_owned() else {
        metrics().requests_shed.add(1, &[attribute(attributes::LIMIT, limit)]);
        let message = format!("too many {limit} at once; try again later");
        return refuse(
            is_grpc(request.headers()),
            Error::limited("OVERLOADED", message, RETRY_AFTER).with("limit", limit),
        );
    };
    let response = next.run(request).await;
    response.map(|body| {
        watched(body, move |body, context| {
            let _held = &place;
            body.poll_frame(context)
        })
    })
}

fn claims_internal(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.starts_with("Bearer vi1."))
}
