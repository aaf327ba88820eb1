//! How a layer refuses a request: as a gRPC status or as HTTP, whichever the client speaks.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use vorrang_error::{Error, Kind};

use crate::status::{bounds, internal, status};

/// Whether the request with these headers is gRPC.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/grpc"))
}

/// The answer that says `error`.
pub(crate) fn refuse(grpc: bool, error: Error) -> Response {
    if grpc {
        status(error).into_http()
    } else {
        http_error(error)
    }
}

/// The HTTP answer for `error`: status by kind, `Retry-After` where known, and a JSON body
/// `{"error": {"reason", "message", "violations": [{"field", "description"}]}}`.
///
/// What is internal reaches the client as a fixed text and an id, and what is long is cut, as in [`status`].
pub fn http_error(error: Error) -> Response {
    let code = code(error.kind());
    let message = match error.kind() {
        Kind::Internal => internal(&error.chain()).message().to_owned(),
        _ => bounds::message(error.message()).into_owned(),
    };
    let violations: Vec<_> = bounds::violations(&error)
        .iter()
        .map(|one| json!({"field": one.field, "description": one.description}))
        .collect();
    let body = json!({"error": {"reason": error.reason(), "message": message, "violations": violations}});
    let mut response = (code, Json(body)).into_response();
    if let Some(after) = error.retry_after() {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    response
}

fn code(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid | Kind::OutOfRange | Kind::Precondition => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::AlreadyExists | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
