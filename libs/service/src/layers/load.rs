//! More than fits is refused at once instead of making everybody slow: RESOURCE_EXHAUSTED with RetryInfo.
//!
//! Unary calls and streams have separate places, so that open streams do not starve calls. Calls of our own services have
//! separate places too, which only a genuine internal token opens: a call that is in work needs them to finish, and a flood
//! from outside must not cut a projection off. What needs no credential has few places of its own, so that who has none
//! never takes those of somebody who has one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http_body::Body as _;
use tokio::sync::Semaphore;
use vorrang_error::Error;
use vorrang_identity::Verifier;
use vorrang_telemetry::metrics::{attribute, attributes, metrics};

use crate::body::watched;
use crate::config::LimitsConfig;
use crate::layers::identity::credential;
use crate::layers::traffic::Traffic;
use crate::methods::Methods;
use crate::refusal::{is_grpc, refuse};

/// Reflections at once, and watchers of the health at once.
const PUBLIC_STREAMS: usize = 64;
/// Which part of the requests' places HTTP routes have: they read the body before they know who sends it.
const HTTP_PART: usize = 4;
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Load {
    methods: Arc<Methods>,
    verifier: Verifier,
    outside: Places,
    inside: Places,
    http: Arc<Semaphore>,
    reflections: Arc<Semaphore>,
    watchers: Arc<Semaphore>,
}

#[derive(Clone)]
struct Places {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Load {
    pub(crate) fn new(methods: Arc<Methods>, verifier: Verifier, limits: &LimitsConfig) -> Self {
        let semaphore = |places: usize| Arc::new(Semaphore::new(places));
        let places = || Places {
            requests: semaphore(limits.max_concurrent_requests),
            streams: semaphore(limits.max_streams),
        };
        Self {
            methods,
            verifier,
            outside: places(),
            inside: places(),
            http: semaphore(limits.max_concurrent_requests.div_ceil(HTTP_PART)),
            reflections: semaphore(PUBLIC_STREAMS),
            watchers: semaphore(PUBLIC_STREAMS),
        }
    }

    /// Where a request of this kind finds its place, and what the limit is called; `None`: it needs none.
    fn places(&self, traffic: Traffic, headers: &HeaderMap) -> Option<(&Arc<Semaphore>, &'static str)> {
        match traffic {
            Traffic::Call => Some((&self.side(headers).requests, "requests")),
            Traffic::Stream => Some((&self.side(headers).streams, "streams")),
            Traffic::Http => Some((&self.http, "http")),
            Traffic::Reflection => Some((&self.reflections, "reflections")),
            Traffic::Watch => Some((&self.watchers, "watchers")),
            // Who asks for the health must be answered above all when we are full, and it costs nothing.
            Traffic::Check => None,
        }
    }

    fn side(&self, headers: &HeaderMap) -> &Places {
        match credential(headers) {
            Ok(credential) if self.verifier.is_internal(credential) => &self.inside,
            _ => &self.outside,
        }
    }
}

pub(crate) async fn shed(State(load): State<Load>, request: Request, next: Next) -> Response {
    let traffic = Traffic::of(&load.methods, request.uri().path());
    let Some((places, limit)) = load.places(traffic, request.headers()) else {
        return next.run(request).await;
    };
    let Ok(place) = places.clone().try_acquire_owned() else {
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
