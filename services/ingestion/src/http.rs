//! The HTTP door: `/v1/sources/{source}/events`, and beside it `openapi.json`, which describes it to tools that build their calls
//! from such a file.
//!
//! Senders are vendors' webhooks. They get 2xx for everything that was kept, understood or not: after a 4xx some never call
//! again. They prove themselves by their signature; the chassis lets these routes past its identity layer.

mod answer;
mod body;
mod get_events;
mod get_openapi;
mod options_events;
mod post_events;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub use body::Budget;

/// The routes.
pub fn routes(app: App) -> Router {
    Router::new()
        .route(
            "/v1/sources/{source}/events",
            get(get_events::handle)
                .post(post_events::handle)
                .options(options_events::handle)
                .fallback(answer::method_not_allowed),
        )
        .route("/v1/sources/{source}/openapi.json", get(get_openapi::handle))
        .with_state(app)
}
