//! Nobody waits for ever: calls end at their deadline, and streams end when the process stops.
//!
//! tonic's own timeout answers CANCELLED and ends with the response's headers; clients expect DEADLINE_EXCEEDED, for streams
//! too. Handlers see what is left by [`crate::remaining`], and [`crate::Peers`] passes it on. A client that does not read its
//! answer has no more time than one that waits for it: shortly after the deadline the call is dropped ([`Lifeline`]).

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::future::OptionFuture;
use http::HeaderMap;
use http_body::Body as _;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use vorrang_error::{Error, Kind};

use crate::body::{Polled, trailers, watched};
use crate::deadline::{DEADLINE, HEADER, from_header};
use crate::layers::traffic::Traffic;
use crate::lifeline::{Hold, Lifeline};
use crate::methods::Methods;
use crate::refusal::{is_grpc, refuse};
use crate::status::status;

/// For calls that set none: a client that forgot to must not hold a place for ever.
const DEFAULT: Duration = Duration::from_secs(60);
/// Calls get no more than this, whatever they ask for.
const LONGEST: Duration = Duration::from_secs(600);
/// The health answers at once; who takes longer to read the answer is not interested in it.
const CHECK: Duration = Duration::from_secs(10);
/// Watching the health is open to everybody and goes on with the next call.
const WATCH: Duration = Duration::from_secs(600);
const REFLECTION: Duration = Duration::from_secs(60);
/// HTTP requests, from their headers to the last byte of the answer: enough for the largest mail at a megabyte a second.
const HTTP: Duration = Duration::from_secs(30);
/// What a client has after the deadline to take the answer that says so.
const LINGER: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Deadlines {
    pub(crate) methods: Arc<Methods>,
    /// Cancelled when streams must end because the process stops.
    pub(crate) cut: CancellationToken,
}

pub(crate) async fn enforce(State(state): State<Deadlines>, request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    let traffic = Traffic::of(&state.methods, request.uri().path());
    let deadline = limit(traffic, request.headers()).and_then(|limit| Instant::now().checked_add(limit));
    let hold = Lifeline::current().hold(deadline.map(|at| at + LINGER));
    let answer = async {
        match deadline {
            None => Ok(next.run(request).await),
            Some(at) => DEADLINE
                .scope(at, timeout_at(at, next.run(request)))
                .await
                .map_err(|_| expired()),
        }
    };
    let stopped: OptionFuture<_> = traffic.is_stream().then(|| state.cut.cancelled()).into();
    let answer = tokio::select! {
        answer = answer => answer,
        Some(()) = stopped => Err(stopping()),
    };
    let cut = traffic.is_stream().then_some(state.cut);
    let response = answer.unwrap_or_else(|error| refuse(grpc, error));
    response.map(|body| match body.is_end_stream() {
        true => body,
        false => bounded(body, grpc, deadline, hold, cut),
    })
}

/// How long a request may take; `None`: as long as it wants. Only calls behind a credential have a say in it.
fn limit(traffic: Traffic, headers: &HeaderMap) -> Option<Duration> {
    let wanted = headers.get(HEADER).and_then(from_header);
    let at_most = |longest: Duration| Some(wanted.map_or(longest, |wanted| wanted.min(longest)));
    match traffic {
        Traffic::Stream => wanted,
        Traffic::Call => Some(wanted.unwrap_or(DEFAULT).min(LONGEST)),
        Traffic::Check => at_most(CHECK),
        Traffic::Watch => at_most(WATCH),
        Traffic::Reflection => at_most(REFLECTION),
        Traffic::Http => Some(HTTP),
    }
}

fn bounded(body: Body, grpc: bool, deadline: Option<Instant>, hold: Hold, cut: Option<CancellationToken>) -> Body {
    let mut timer = None;
    let mut cut = cut.map(|cut| Box::pin(cut.cancelled_owned()));
    watched(body, move |body, context| {
        let _held = &hold;
        if deadline.is_some_and(|at| Instant::now() >= at) {
            return end(grpc, expired());
        }
        let polled = match deadline {
            Some(at) => DEADLINE.sync_scope(at, || body.poll_frame(context)),
            None => body.poll_frame(context),
        };
        if polled.is_ready() {
            return polled;
        }
        if let Some(at) = deadline {
            let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.as_mut().poll(context).is_ready() {
                return end(grpc, expired());
            }
        }
        // What is ready goes out first; a stream that has nothing to say ends.
        if let Some(cut) = &mut cut
            && cut.as_mut().poll(context).is_ready()
        {
            return end(grpc, stopping());
        }
        polled
    })
}

/// The end of a body that says why: in trailers, where there are such, else by breaking off.
fn end(grpc: bool, error: Error) -> Polled {
    match grpc {
        true => trailers(&status(error)),
        false => Poll::Ready(Some(Err(axum::Error::new(error)))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_credential_has_no_say_in_how_long_it_takes() {
        let asked = |text: &'static str| {
            HeaderMap::from_iter([(HEADER.parse().expect("a name"), text.parse().expect("ASCII"))])
        };
        let seconds = |traffic, headers: &HeaderMap| limit(traffic, headers).map(|limit| limit.as_secs());
        for (traffic, nothing, short, long) in [
            (Traffic::Call, Some(60), Some(3), Some(600)),
            (Traffic::Stream, None, Some(3), Some(99_999_999 * 3600)),
            (Traffic::Check, Some(10), Some(3), Some(10)),
            (Traffic::Watch, Some(600), Some(3), Some(600)),
            (Traffic::Reflection, Some(60), Some(3), Some(60)),
            (Traffic::Http, Some(30), Some(30), Some(30)),
        ] {
            assert_eq!(seconds(traffic, &HeaderMap::new()), nothing, "{traffic:?}");
            assert_eq!(seconds(traffic, &asked("3S")), short, "{traffic:?}");
            assert_eq!(seconds(traffic, &asked("99999999H")), long, "{traffic:?}");
        }
    }
}
