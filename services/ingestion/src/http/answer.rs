//! What webhooks are told.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use vorrang_error::{Error, Kind};

use super::body::Refused;
use crate::outcome::PushResult;

/// Most bodies are read in less.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// 200 with one object a contact: `{"results": [{"outcome": "CREATED", "ticket": "tickets/…", "ticketNumber": 7}]}`. Names
/// that do not apply are left out.
pub fn results(results: Vec<PushResult>) -> Response {
    let results: Vec<Value> = results.into_iter().map(result).collect();
    Json(json!({ "results": results })).into_response()
}

/// 200 with what a vendor wants to read when everything was kept.
pub fn fixed(content_type: &str, text: &str) -> Response {
    let mut response = text.to_owned().into_response();
    // A preset whose answer has no media type is not loaded.
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

fn result(result: PushResult) -> Value {
    let mut fields = Map::new();
    fields.insert("outcome".to_owned(), result.outcome.as_str().into());
    for (name, value) in [
        ("ticket", result.ticket),
        ("message", result.message),
        ("customer", result.customer),
        ("quarantineItem", result.quarantine_item),
        ("receipt", result.receipt),
    ] {
        if !value.is_empty() {
            fields.insert(name.to_owned(), value.into());
        }
    }
    if result.ticket_number > 0 {
        fields.insert("ticketNumber".to_owned(), result.ticket_number.into());
    }
    fields.into()
}

/// 405.
pub async fn method_not_allowed() -> Response {
    let error = Error::new(
        Kind::Invalid,
        "METHOD_NOT_ALLOWED",
        "events are pushed by POST; a vendor asks by GET whether the address is ours",
    );
    with(StatusCode::METHOD_NOT_ALLOWED, error)
}

/// 413, 503, 408 or 400: the body, of at most `most` bytes, was not read to its end.
pub fn unread(refused: Refused, most: usize) -> Response {
    match refused {
        Refused::TooLarge => {
            let message = format!("the body must have at most {} MiB", most >> 20);
            let error = Error::new(Kind::Invalid, "BODY_TOO_LARGE", message);
            with(StatusCode::PAYLOAD_TOO_LARGE, error)
        }
        Refused::Full => vorrang_service::http_error(
            Error::unavailable("OVERLOADED", "too much is being pushed at once; push again later")
                .with_retry_after(RETRY_AFTER),
        ),
        Refused::TooSlow => {
            let error = Error::new(Kind::Timeout, "BODY_TOO_SLOW", "the body did not arrive in time");
            with(StatusCode::REQUEST_TIMEOUT, error)
        }
        Refused::Broken => vorrang_service::http_error(Error::invalid_field("body", "ended before its end")),
    }
}

/// In the form of all errors, under a status that only HTTP has.
fn with(status: StatusCode, error: Error) -> Response {
    let mut response = vorrang_service::http_error(error);
    *response.status_mut() = status;
    response
}

/// 401, without a reason.
pub fn rejected() -> Response {
    vorrang_service::http_error(Error::new(
        Kind::Unauthenticated,
        "SIGNATURE_INVALID",
        "the push is not signed by who knows the secret of this source, or its signature is too old",
    ))
}
