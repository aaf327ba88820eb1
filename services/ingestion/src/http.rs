//! The HTTP door: `/v1/sources/{source}/events`.
//!
//! Senders are vendors' webhooks. They get 2xx for everything that was kept, understood or not: after a 4xx some never call
//! again. They prove themselves by their signature; the chassis lets these routes past its identity layer.

mod answer;
mod body;
mod get_events;
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
                .fallback(answer::method_not_allowed),
        )
        .with_state(app)
}
