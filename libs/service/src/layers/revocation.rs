//! Streams end with the key that opened them: it is verified again every few seconds.
//!
//! A stream lives for days, so that verifying at its start is not enough. Internal tokens are not verified again: they live
//! minutes, and our own services keep their streams.

use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::Body as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use vorrang_error::{Error, Kind};
use vorrang_identity::Verifier;

use crate::body::{trailers, watched};
use crate::lifeline::{Hold, Lifeline};
use crate::refusal::refuse;
use crate::status::status;

/// How often. The verifier keeps an answer for as long, so a revoked key's streams end within ten seconds.
const EVERY: Duration = vorrang_identity::CACHE;
/// What a client has to take the answer that says why its stream ended.
const LINGER: Duration = Duration::from_secs(1);

/// Runs a streaming call that was opened with the API key `credential` for as long as the key is good.
pub(crate) async fn until_refused(verifier: Verifier, credential: String, request: Request, next: Next) -> Response {
    let watch = Watch::begin(verifier, credential);
    let (refused, incoming) = (watch.refused.clone(), watch.refused.clone());
    let request = request.map(|body| broken_off(body, incoming));
    let response = tokio::select! {
        response = next.run(request) => response,
        () = refused.cancelled() => return refuse(true, invalid()),
    };
    if response.body().is_end_stream() {
        return response;
    }
    let mut refused = Box::pin(refused.cancelled_owned());
    response.map(|body| {
        watched(body, move |body, context| {
            let _watching = &watch;
            if refused.as_mut().poll(context).is_ready() {
                return trailers(&status(invalid()));
            }
            body.poll_frame(context)
        })
    })
}

/// What the client goes on sending after the end reaches nobody.
fn broken_off(body: Body, refused: CancellationToken) -> Body {
    let mut refused = Box::pin(refused.cancelled_owned());
    watched(body, move |body, context| {
        if refused.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new(invalid()))));
        }
        body.poll_frame(context)
    })
}

/// Verifies a credential again and again until it is dropped.
struct Watch {
    refused: CancellationToken,
    _ended: DropGuard,
    _hold: Hold,
}

impl Watch {
    fn begin(verifier: Verifier, credential: String) -> Self {
        let (refused, ended) = (CancellationToken::new(), CancellationToken::new());
        let lifeline = Lifeline::current();
        let hold = lifeline.hold(None);
        let watching = watch(verifier, credential, lifeline, refused.clone());
        tokio::spawn(ended.clone().run_until_cancelled_owned(watching));
        Self {
            refused,
            _ended: ended.drop_guard(),
            _hold: hold,
        }
    }
}

async fn watch(verifier: Verifier, credential: String, lifeline: Lifeline, refused: CancellationToken) {
    loop {
        sleep(EVERY).await;
        // That the keys cannot be read says nothing about this one.
        if let Err(error) = verifier.verify(&credential).await
            && error.kind() == Kind::Unauthenticated
        {
            lifeline.end_at(Instant::now() + LINGER);
            refused.cancel();
            return;
        }
    }
}

fn invalid() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "CREDENTIAL_INVALID",
        "the credential that opened this stream has expired or was revoked",
    )
}
