//! Every status that leaves has an ErrorInfo: those that tonic makes itself get theirs here.
//!
//! Above all, tonic answers INTERNAL when it cannot read a request, which would be counted as a fault of ours.

use std::task::Poll;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http_body::Body as _;
use http_body::Frame;
use tonic::Status;

use crate::body::watched;
use crate::refusal::is_grpc;
use crate::status::foreign::explained;

pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let grpc = is_grpc(request.headers());
    let mut response = next.run(request).await;
    if !grpc {
        return response;
    }
    improve(response.headers_mut());
    response.map(|body| {
        watched(body, |body, context| match body.poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(match frame.into_trailers() {
                Ok(mut trailers) => {
                    improve(&mut trailers);
                    Ok(Frame::trailers(trailers))
                }
                Err(frame) => Ok(frame),
            })),
            other => other,
        })
    })
}

/// Replaces a status without details by one with.
fn improve(headers: &mut HeaderMap) {
    match headers.get(Status::GRPC_STATUS) {
        None => return,
        Some(code) if code == "0" || headers.contains_key(Status::GRPC_STATUS_DETAILS) => return,
        Some(_) => {}
    }
    let Some(foreign) = Status::from_header_map(headers) else {
        return;
    };
    let mut better = HeaderMap::new();
    // Texts are percent-encoded, so that this cannot fail; if it did, what tonic said goes out.
    if explained(&foreign).add_header(&mut better).is_ok() {
        headers.remove(Status::GRPC_MESSAGE);
        headers.extend(better);
    }
}
