//! A handler that panics answers INTERNAL with an id; the process and all other calls go on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use http_body::Body as _;
use vorrang_error::Error;
use vorrang_telemetry::metrics::metrics;

use crate::body::{trailers, watched};
use crate::refusal::{is_grpc, refuse};
use crate::status::internal;

pub(crate) async fn catch(request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => return refuse(grpc, Error::internal(note(panic.as_ref()))),
    };
    response.map(|body| {
        watched(body, move |mut body, context| {
            match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(context))) {
                Ok(polled) => polled,
                Err(panic) if grpc => trailers(&internal(&note(panic.as_ref()))),
                Err(panic) => Poll::Ready(Some(Err(axum::Error::new(Error::internal(note(panic.as_ref())))))),
            }
        })
    })
}

/// What may be logged of a panic: only a text that is in our source. A formatted one may quote what a customer wrote; where
/// it happened is in the log by [`vorrang_telemetry::log_panics`].
fn note(panic: &(dyn Any + Send)) -> String {
    metrics().panics.add(1, &[]);
    let text = panic
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(its message is not logged)");
    format!("a handler panicked: {text}")
}
