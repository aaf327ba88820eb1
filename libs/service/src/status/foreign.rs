//! Statuses that are not ours: tonic makes some itself, without details, before a handler is asked or after it has answered.
//!
//! They are told apart by their texts, since tonic has nothing else to go by; the tests make each of them.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use vorrang_error::{Error, Kind};

use super::{DOMAIN, bounds, internal, status};

/// What tonic says with INTERNAL of a request that it cannot read.
const MALFORMED: &[&str] = &[
    "failed to decode Protobuf message: ",
    "protocol error: received message with ",
    "Error decompressing: ",
    "Unexpected EOF decoding stream",
    "Missing request message",
    "tonic-web: ",
    "Invalid header bit ",
];
/// What it says with OUT_OF_RANGE, or RESOURCE_EXHAUSTED when the message was compressed, of one that is too large.
const TOO_LARGE: &[&str] = &[
    "Error, decoded message length too large: ",
    "Error decompressing: size limit, of ",
];
/// What it says with OUT_OF_RANGE of an answer of ours that is too large.
const ANSWER_TOO_LARGE: &str = "Error, encoded message length too large: ";

/// The error of a request message that tonic could not read: `REQUEST_MALFORMED` or `MESSAGE_TOO_LARGE`, both the client's
/// fault. `None` when `refused`, which reading a stream of requests gave, says something else.
pub fn unreadable(refused: &Status) -> Option<Error> {
    let text = refused.message();
    let starts = |known: &[&str]| known.iter().any(|start| text.starts_with(start));
    match refused.code() {
        _ if !refused.details().is_empty() => None,
        Code::OutOfRange | Code::ResourceExhausted if starts(TOO_LARGE) => {
            let (_, sizes) = text.split_once(": ").unwrap_or(("", text));
            let message = format!("a message of the request is too large: {sizes}");
            Some(Error::new(Kind::OutOfRange, "MESSAGE_TOO_LARGE", message))
        }
        Code::Internal | Code::DataLoss if starts(MALFORMED) => {
            let message = format!("the request cannot be read: {text}");
            Some(Error::new(Kind::Invalid, "REQUEST_MALFORMED", message))
        }
        _ => None,
    }
}

/// What a client gets for `foreign`, which has no details: a request that cannot be read is the client's fault, whatever
/// else is INTERNAL stays inside, and all of them have an ErrorInfo.
pub(crate) fn explained(foreign: &Status) -> Status {
    if let Some(error) = unreadable(foreign) {
        return status(error);
    }
    let text = foreign.message();
    let reason = match foreign.code() {
        Code::Internal => return internal(text),
        Code::Unimplemented if text.starts_with("Content is compressed") => "COMPRESSION_UNSUPPORTED",
        Code::Unimplemented => "METHOD_UNKNOWN",
        Code::OutOfRange if text.starts_with(ANSWER_TOO_LARGE) => "ANSWER_TOO_LARGE",
        Code::NotFound => "RESOURCE_NOT_FOUND",
        Code::Cancelled => "CANCELLED",
        _ => "UNSPECIFIED",
    };
    let text = match text {
        "" => "this method is not served here",
        text => text,
    };
    with_reason(foreign.code(), reason, text)
}

/// UNIMPLEMENTED: no contract has the method behind `path`, or no service here serves it.
pub(crate) fn unknown_method(path: &str) -> Status {
    let method = path.trim_start_matches('/');
    with_reason(
        Code::Unimplemented,
        "METHOD_UNKNOWN",
        &format!("{method} is not served here"),
    )
}

fn with_reason(code: Code, reason: &str, text: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    Status::with_error_details(code, bounds::message(text), details)
}
