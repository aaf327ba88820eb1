//! The promises of the feed, on both engines: everything committed, in order, once, from any cursor on, whatever happens.

mod cursors;
mod errors;
mod follow;
mod follower;
mod latency;
mod naive;
mod restore;
mod support;
mod writers;
