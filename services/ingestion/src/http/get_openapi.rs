use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use vorrang_error::Error;

use super::answer;
use crate::app::App;
use crate::names;

/// Flat, every field a string, no floats: what Salesforce External Services takes, and everybody else too.
const OPENAPI: &str = include_str!("../../openapi/flow.json");

/// The OpenAPI 3.0 file of one source, for Salesforce External Services, Power Automate and the like. It holds nothing secret: who
/// asks knows the address already.
pub async fn handle(State(app): State<App>, path: Result<Path<String>, PathRejection>) -> Response {
    let source = match app.open_source(path.as_deref().map_or("", String::as_str)).await {
        Ok(source) => source,
        Err(error) => return vorrang_service::http_error(error),
    };
    if source.preset != "flow" {
        let error = Error::not_found(names::SOURCE, names::source(&source.id));
        return vorrang_service::http_error(error);
    }
    // Both are of characters that need no escaping in JSON: the one is a checked URL, the other an id.
    let file = OPENAPI
        .replace("{server}", &app.public_url)
        .replace("{source}", &source.id);
    answer::fixed("application/json", &file)
}
