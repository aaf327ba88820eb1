//! The admin address: `/metrics` for Prometheus, `/healthz` (the process answers) and `/readyz` (it takes requests).
//!
//! It has no credentials and must not be reachable from outside.

use axum::Router;
use axum::routing::get;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `stop`; `/readyz` says 503 from `draining` on.
pub(crate) async fn serve(listener: TcpListener, draining: CancellationToken, stop: CancellationToken) {
    let ready = move || async move {
        if draining.is_cancelled() {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    let metrics = || async {
        (
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            vorrang_telemetry::prometheus_text(),
        )
    };
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    let served = axum::serve(listener, router);
    tokio::select! {
        result = served.into_future() => {
            if let Err(why) = result {
                tracing::error!(error = %why, "the admin address is not served any more");
            }
        }
        () = stop.cancelled() => {}
    }
}
