//! One connection, until its client leaves, it does nothing for too long or the process stops.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::front::Front;
use crate::body::watched;
use crate::lifeline::Lifeline;

/// Pings on connections without traffic, so that dead ones are noticed; a client that does not answer in time is dropped.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a client may take for the headers of an HTTP/1.1 request, and for its first request at all.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be open without a call. Its client connects again with its next one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);
/// How long an idle client may take to leave after it was asked to.
const GOODBYE: Duration = Duration::from_secs(20);
const WINDOW: u32 = 4 * 1024 * 1024;
const STREAM_WINDOW: u32 = 1024 * 1024;

/// Runs every call of HTTP/2 in a task of its own, within a lifeline of its own. A connection can end before the tasks of its
/// calls have: whoever stops waits for the tracker, too, else what a call records at its very end is lost.
#[derive(Clone)]
pub(crate) struct Calls(TaskTracker);

impl<F> Executor<F> for Calls
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, call: F) {
        self.0.spawn(async move { Lifeline::default().bound(call).await });
    }
}

/// `streams`: how many calls one HTTP/2 connection may have open; `calls` tracks the tasks of them all.
pub(crate) fn builder(streams: u32, calls: TaskTracker) -> Builder<Calls> {
    let mut builder = Builder::new(Calls(calls));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_concurrent_streams(streams);
    builder
}

/// When a connection must end.
#[derive(Clone)]
pub(crate) struct End {
    /// It takes no new calls and finishes those in work.
    pub(crate) drain: CancellationToken,
    /// It is dropped.
    pub(crate) hard: CancellationToken,
    /// Whether it also ends when it does nothing: those of our own services stay.
    pub(crate) idle: bool,
}

pub(crate) async fn serve<I>(io: I, builder: Builder<Calls>, front: Front, end: End)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let counting = activity.clone();
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let call = counting.begin();
        let answer = front.clone().oneshot(request);
        async move { answer.await.map(|response| counted(response, call)) }
    });
    // Calls of HTTP/1.1 are in work one at a time and run in this task, so they are bound to its lifeline.
    let lifeline = Lifeline::default();
    let served = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    tokio::pin!(served);
    let draining = tokio::select! {
        result = lifeline.bound(served.as_mut()) => return log(result),
        () = end.hard.cancelled() => return,
        () = end.drain.cancelled() => true,
        () = activity.idle(FIRST_TIMEOUT, IDLE_TIMEOUT), if end.idle => false,
    };
    served.as_mut().graceful_shutdown();
    tokio::select! {
        result = lifeline.bound(served.as_mut()) => log(result),
        () = end.hard.cancelled() => {}
        () = activity.idle(GOODBYE, GOODBYE), if !draining => tracing::debug!("an idle client did not leave"),
    }
}

fn log<E: std::fmt::Display>(result: Option<Result<(), E>>) {
    match result {
        Some(Ok(())) => {}
        Some(Err(why)) => tracing::debug!(error = %why, "a connection broke"),
        None => tracing::debug!("a client did not read its answer in time"),
    }
}

fn counted(response: Response<Body>, call: Call) -> Response<Body> {
    response.map(|body| match body.is_end_stream() {
        true => body,
        false => watched(body, move |body, context| {
            let _open = &call;
            body.poll_frame(context)
        }),
    })
}

/// How many calls a connection has open, and since when it has had that many. Clones share it.
#[derive(Clone)]
struct Activity(Arc<Mutex<State>>);

struct State {
    open: usize,
    used: bool,
    since: Instant,
}

impl Activity {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            open: 0,
            used: false,
            since: Instant::now(),
        })))
    }

    fn begin(&self) -> Call {
        let mut state = self.lock();
        state.open += 1;
        state.used = true;
        Call(self.clone())
    }

    /// Waits until there has been no call from now on for `unused`, when there never was one, or for `limit`, when there was.
    async fn idle(&self, unused: Duration, limit: Duration) {
        let start = Instant::now();
        loop {
            let now = Instant::now();
            let next = {
                let state = self.lock();
                match (state.open, state.used) {
                    (0, false) => start + unused,
                    (0, true) => state.since.max(start) + limit,
                    _ => now + limit,
                }
            };
            if next <= now {
                return;
            }
            sleep_until(next).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// An open call; dropped when it has ended.
struct Call(Activity);

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open -= 1;
        state.since = Instant::now();
    }
}

#[cfg(test)]
mod tests;
