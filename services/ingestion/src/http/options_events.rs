use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vorrang_error::Error;

use super::answer;
use crate::app::App;

/// The handshake of CloudEvents' webhooks: a sender asks whether it may push here. It may, as often as it likes: what it pushes is
/// checked by its secret, and who asks knows an address that cannot be guessed. `WebHook-Request-Callback` is not followed, since the
/// answer is given at once: an address that a stranger names is not called.
pub async fn handle(State(app): State<App>, path: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    let source = match app.open_source(path.as_deref().map_or("", String::as_str)).await {
        Ok(source) => source,
        Err(error) => return vorrang_service::http_error(error),
    };
    match app.presets.get(&source.preset) {
        Ok(preset) if preset.is_cloudevents() => {}
        Ok(_) => return answer::method_not_allowed().await,
        Err(error) => return vorrang_service::http_error(error),
    }
    let Some(origin) = headers.get("webhook-request-origin") else {
        return vorrang_service::http_error(Error::invalid_field(
            "WebHook-Request-Origin",
            "must say who asks to push events",
        ));
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::OK;
    let answer = response.headers_mut();
    answer.insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer.insert("webhook-allowed-origin", origin.clone());
    answer.insert("webhook-allowed-rate", HeaderValue::from_static("*"));
    response
}
