//! The promises of the feed, on both engines: everything committed, in order, once, from any cursor on, whatever happens.

mod consumers;
mod cursors;
mod erasures;
mod errors;
mod follow;
mod follower;
mod latency;
mod naive;
mod restore;
mod retention;
mod support;
mod writers;
