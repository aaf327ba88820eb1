use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::answer;
use crate::app::App;
use crate::presets::handshake;

/// The handshake by which a vendor asks whether the address is ours.
pub async fn handle(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let source = match app.store.source_of_any_tenant(&id).await {
        Ok(Some(source)) if !source.disabled => source,
        Ok(_) => return answer::no_such_source(&id),
        Err(error) => return vorrang_service::http_error(error),
    };
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
