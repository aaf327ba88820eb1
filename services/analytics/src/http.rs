//! The HTTP door: `/wallboard`, one page for the wall, and `/wallboard/events`, what keeps it current.
//!
//! - The page itself shows nothing of anybody. Its key is behind the `#` of its address, which browsers never send; it travels in the
//!   `authorization` header only, and is in no log.
//! - A key that hangs on a wall must open nothing else: one that may do more than read figures and queues is refused.
//! - Nothing is loaded from anywhere: the page's one style and one script are in it, and its policy allows no others.

mod events;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use vorrang_identity::Verifier;
use vorrang_service::{Peers, Rate};

use crate::Analytics;

/// What the routes need. Clones share it.
#[derive(Clone)]
pub struct Wall {
    /// The facts.
    pub analytics: Arc<Analytics>,
    /// Who knows the queues.
    pub peers: Peers,
    /// Checks the key.
    pub verifier: Verifier,
    /// How many calls a tenant may still make; walls are part of it.
    pub rate: Rate,
}

/// The routes.
pub fn routes(wall: Wall) -> Router {
    Router::new()
        .route("/wallboard", get(page::show))
        .route("/wallboard/events", get(events::stream))
        .with_state(wall)
}
