//! Nobody waits for ever: calls end at their deadline, and streams end when the process stops.
//!
//! tonic's own timeout answers CANCELLED and ends with the response's headers; clients expect DEADLINE_EXCEEDED, for streams
//! too. Handlers see what is left by [`crate::remaining`], and [`crate::Peers`] passes it on.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::future::OptionFuture;
use http_body::Body as _;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use vorrang_error::{Error, Kind};

use crate::body::{trailers, watched};
use crate::deadline::{DEADLINE, HEADER, from_header};
use crate::methods::Methods;
use crate::refusal::{is_grpc, refuse};
use crate::status::status;

/// For calls that set none, except streams: a client that forgot to must not hold a place for ever.
const DEFAULT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(crate) struct Deadlines {
    pub(crate) methods: Arc<Methods>,
    /// Cancelled when streams must end because the process stops.
    pub(crate) cut: CancellationToken,
}

pub(crate) async fn enforce(State(state): State<Deadlines>, request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    let streaming = state
        .methods
        .get(request.uri().path())
        .is_some_and(|method| method.streaming);
    let wanted = request.headers().get(HEADER).and_then(from_header);
    let limit = wanted.or((!streaming).then_some(DEFAULT));
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let answer = async {
        match deadline {
            None => Ok(next.run(request).await),
            Some(at) => DEADLINE
                .scope(at, timeout_at(at, next.run(request)))
                .await
                .map_err(|_| expired()),
        }
    };
    let stopped: OptionFuture<_> = streaming.then(|| state.cut.cancelled()).into();
    let answer = tokio::select! {
        answer = answer => answer,
        Some(()) = stopped => Err(stopping()),
    };
    match answer {
        Err(error) => refuse(grpc, error),
        Ok(response) if streaming => response.map(|body| bounded(body, deadline, state.cut)),
        Ok(response) => response,
    }
}

fn bounded(body: Body, deadline: Option<Instant>, cut: CancellationToken) -> Body {
    let mut timer = deadline.map(|at| Box::pin(sleep_until(at)));
    let mut cut = Box::pin(cut.cancelled_owned());
    watched(body, move |body, context| {
        if let Some(timer) = &mut timer
            && Future::poll(timer.as_mut(), context).is_ready()
        {
            return trailers(&status(expired()));
        }
        let polled = match deadline {
            Some(at) => DEADLINE.sync_scope(at, || body.poll_frame(context)),
            None => body.poll_frame(context),
        };
        // What is ready goes out first; a stream that has nothing to say ends.
        if polled.is_pending() && Future::poll(cut.as_mut(), context).is_ready() {
            return trailers(&status(stopping()));
        }
        polled
    })
}

fn expired() -> Error {
    Error::new(
        Kind::Timeout,
        "DEADLINE_EXCEEDED",
        "the call took longer than its deadline; its outcome may be unknown",
    )
}

fn stopping() -> Error {
    Error::unavailable("STOPPING", "this server is stopping; connect again")
}
