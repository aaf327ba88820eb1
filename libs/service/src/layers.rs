//! What every request passes, from outside in: trace, explain, panic, deadline, load; then, for gRPC, identity with scope and
//! rate.
//!
//! They are axum middleware, so that gRPC and HTTP pass the same ones. Tracing is outermost so that whatever the others
//! answer is measured and logged; the tenant's rate comes after the identity, which alone knows the tenant.

pub(crate) mod deadline;
pub(crate) mod explain;
pub(crate) mod identity;
pub(crate) mod load;
pub(crate) mod panic;
pub(crate) mod rate;
mod revocation;
pub(crate) mod trace;
pub(crate) mod traffic;
