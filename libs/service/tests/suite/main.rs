//! The chassis as its users see it: a real server on a real port, called by real clients.

mod deadlines;
mod hostile;
mod identity;
mod limits;
mod malformed;
mod panics;
mod peers;
mod serving;
mod starting;
mod starving;
mod stopping;
mod support;
mod tracing;
