//! The feed: each service serves its event log to whoever wants to follow, in order, without holes, from a cursor on.
//!
//! Server side: [`Feed`] watches where the logs stand and gives [`Batch`]es. Client side: [`Follower`] keeps one stream
//! up and gives what comes, checked. Delivery is at least once; a follower that stores the cursor together with the
//! effect of the batch has each effect exactly once.

mod batch;
mod consumer;
mod cursor;
mod erasures;
mod feed;
mod filter;
mod follow;
mod follower;
mod keeper;
mod metrics;
mod owner;
mod request;
mod response;
mod watcher;

pub use batch::{Batch, head};
pub use consumer::CONSUMERS_MAX;
pub use cursor::{Cursors, Position};
pub use erasures::{Erasures, follow_erasures};
pub use feed::{Feed, Opener};
pub use filter::{EventFilter, Fields};
pub use follower::{Follower, Incoming};
pub use keeper::Retention;
pub use owner::Owner;
pub use request::Tenancy;
pub use response::{Response, encoded};
