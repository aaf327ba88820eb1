//! What webhooks are told.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use vorrang_error::{Error, Kind};

use crate::outcome::PushResult;

/// 200 with one object a contact: `{"results": [{"outcome": "CREATED", "ticket": "tickets/…", "ticketNumber": 7}]}`. Names
/// that do not apply are left out.
pub fn results(results: Vec<PushResult>) -> Response {
    let results: Vec<Value> = results.into_iter().map(result).collect();
    Json(json!({ "results": results })).into_response()
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

/// 404: the same whether the source never was, or is not a possible id.
pub fn no_such_source(id: &str) -> Response {
    let shown = if crate::names::is_source_id(id) { id } else { "-" };
    vorrang_service::http_error(Error::not_found(crate::names::SOURCE, crate::names::source(shown)))
}

/// 401, without a reason.
pub fn rejected() -> Response {
    vorrang_service::http_error(Error::new(
        Kind::Unauthenticated,
        "SIGNATURE_INVALID",
        "the push is not signed by who knows the secret of this source, or its signature is too old",
    ))
}
