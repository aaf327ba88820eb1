//! The HTTP door: `/s/{token}`, where customers answer surveys by the link of their invitation.
//!
//! - Opening a link records nothing, however often and whatever opens it: programs that read mail open links, too. The page
//!   shows the score of the link as chosen; its button sends the form, and only that records.
//! - Who has a link may answer; nobody else can make one. Nothing in it says who they are, and pages say no more about them
//!   than the number of their request.
//! - Pages work without script, style and pictures, in the customer's language.
//! - Everything that is not our own words is escaped: see [`html`].

mod form;
mod html;
mod page;
mod reply;
mod speech;
mod survey;

use axum::Router;
use axum::routing::get;
use vorrang_clock::SharedClock;
use vorrang_service::Rate;

use crate::store::Store;
use crate::survey::Links;

/// What pages need. Clones share it.
#[derive(Clone)]
pub struct Pages {
    /// Where answers go.
    pub store: Store,
    /// Reads tokens.
    pub links: Links,
    /// The time.
    pub clock: SharedClock,
    /// How many calls a tenant may still make; customers are part of it.
    pub rate: Rate,
}

/// The routes.
pub fn routes(pages: Pages) -> Router {
    Router::new()
        .route(
            "/s/{token}",
            get(survey::show).post(survey::record).fallback(survey::not_allowed),
        )
        .route("/s/{token}/thanks", get(survey::thanks).fallback(survey::not_allowed))
        .with_state(pages)
}

#[cfg(test)]
mod tests;
