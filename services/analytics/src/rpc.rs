//! One file per RPC: parse the whole request, decide, reply.

pub mod list_kpis;
mod query_command;
pub mod query_kpis;
