//! The one place where errors become gRPC statuses, and statuses of peers become errors.

pub(crate) mod bounds;
pub(crate) mod foreign;

use std::collections::HashMap;
use std::time::Duration;

use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use uuid::Uuid;
use vorrang_error::{Detail, Error, Kind, Violation};

/// The domain of every ErrorInfo we send.
pub const DOMAIN: &str = "vorrang.dev";

/// How long to wait when a retry makes sense and nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The status a client gets for `error`: its code by kind, always an ErrorInfo (`vorrang.dev`, the reason, metadata), plus
/// BadRequest with the violations, ResourceInfo, RetryInfo where a repeat can succeed, and the error's own detail. Long lists and texts are cut, so
/// that everything fits into the headers that clients accept; see [`bounds`].
///
/// What is internal reaches the client as a fixed text and an id; the log has the rest under the same id.
pub fn status(error: Error) -> Status {
    if error.kind() == Kind::Internal {
        return internal(&error.chain());
    }
    let code = code(error.kind());
    if error.kind().retryable() {
        tracing::debug!(reason = error.reason(), error = error.chain(), "refused for now");
    }
    let metadata: HashMap<String, String> = bounds::metadata(&error).collect();
    let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, metadata);
    for Violation { field, description } in bounds::violations(&error) {
        details.add_bad_request_violation(field, description);
    }
    if let Some((kind, name)) = error.resource() {
        details.set_resource_info(kind, bounds::resource(name), "", "");
    }
    let retry_after = error
        .retry_after()
        .or_else(|| retries(error.kind()).then_some(RETRY_AFTER));
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    let status = Status::with_error_details(code, bounds::message(error.message()), details);
    match bounds::detail(&error) {
        Some(detail) => with_detail(status, detail),
        None => status,
    }
}

/// The same status with a message of the contract among its details.
fn with_detail(status: Status, detail: &Detail) -> Status {
    let Ok(mut all) = tonic_types::Status::decode(status.details()) else {
        return status;
    };
    all.details.push(prost_types::Any {
        type_url: format!("type.googleapis.com/{}", detail.type_name),
        value: detail.value.clone(),
    });
    Status::with_details(status.code(), status.message(), all.encode_to_vec().into())
}

/// INTERNAL with an id; `cause` goes to the log only.
pub(crate) fn internal(cause: &str) -> Status {
    let id = Uuid::new_v4().to_string();
    tracing::error!(error_id = id, error = cause, "internal error");
    let metadata = HashMap::from([("error_id".to_owned(), id.clone())]);
    let details = ErrorDetails::with_error_info("INTERNAL", DOMAIN, metadata);
    Status::with_error_details(Code::Internal, format!("internal error {id}"), details)
}

fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Conflict => Code::Aborted,
        Kind::Denied => Code::PermissionDenied,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Limited => Code::ResourceExhausted,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::Unavailable => Code::Unavailable,
        Kind::Timeout => Code::DeadlineExceeded,
        Kind::Internal => Code::Internal,
    }
}

/// Which kinds tell when to try again even if the error does not say.
fn retries(kind: Kind) -> bool {
    matches!(kind, Kind::Limited | Kind::Unavailable)
}

/// The error of a call to `peer` (`"ticketing"`): kind by code, with the peer's message, violations and retry time. The
/// reason that the peer gave is under `peer_reason` in the metadata; see also [`reason`].
///
/// UNAUTHENTICATED and PERMISSION_DENIED of a peer are defects of ours (our token was refused), so they become internal,
/// and so does every code that no service of ours sends.
pub fn peer_error(peer: &'static str, status: Status) -> Error {
    let details = status.get_error_details();
    let kind = match status.code() {
        Code::InvalidArgument => Kind::Invalid,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::FailedPrecondition => Kind::Precondition,
        Code::Aborted => Kind::Conflict,
        Code::ResourceExhausted => Kind::Limited,
        Code::OutOfRange => Kind::OutOfRange,
        Code::Unavailable | Code::Cancelled => Kind::Unavailable,
        Code::DeadlineExceeded => Kind::Timeout,
        _ => Kind::Internal,
    };
    let mut error = match details.bad_request() {
        Some(bad) if kind == Kind::Invalid => Error::invalid(
            bad.field_violations
                .iter()
                .map(|one| Violation {
                    field: one.field.clone(),
                    description: one.description.clone(),
                })
                .collect(),
        ),
        _ => Error::new(kind, peer_reason(kind), status.message()),
    };
    error = error.with("peer", peer);
    if let Some(info) = details.error_info() {
        error = error.with("peer_reason", info.reason.clone());
    }
    if let Some(after) = details.retry_info().and_then(|info| info.retry_delay) {
        error = error.with_retry_after(after);
    }
    error.caused_by(status)
}

fn peer_reason(kind: Kind) -> &'static str {
    match kind {
        Kind::Unavailable => "PEER_UNAVAILABLE",
        Kind::Timeout => "PEER_TIMEOUT",
        Kind::Limited => "PEER_LIMITED",
        _ => "PEER_REFUSED",
    }
}

/// The stable reason in a status of ours, as set by [`status`].
pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

#[cfg(test)]
mod tests;
