use std::collections::HashMap;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::answer;
use crate::app::App;
use crate::presets::handshake;

/// The handshake by which a vendor asks whether the address is ours.
pub async fn handle(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Response {
    let source = match app.open_source(path.as_deref().map_or("", String::as_str)).await {
        Ok(source) => source,
        Err(error) => return vorrang_service::http_error(error),
    };
    // A query that cannot be read holds no token.
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let preset = match app.presets.get(&source.preset) {
        Ok(preset) => preset,
        Err(error) => return vorrang_service::http_error(error),
    };
    let secret = match app.seal.open(&source.id, &source.sealed_secret) {
        Ok(secret) => secret,
        Err(error) => return vorrang_service::http_error(error),
    };
    let tokens = [source.id.as_bytes(), secret.as_slice()];
    match handshake(preset, &tokens, |name| query.get(name).map(String::as_str)) {
        Ok(challenge) => challenge.to_owned().into_response(),
        Err(_) => {
            app.rejected.count(&source.id);
            answer::rejected()
        }
    }
}
