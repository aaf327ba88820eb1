//! What every call passes, from outside in: panic, trace, deadline, load; then, for gRPC, identity and rate.
//!
//! One file each. They are axum middleware, so that gRPC and HTTP pass the same ones.

pub mod rate;
