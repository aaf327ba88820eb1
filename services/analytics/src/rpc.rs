//! One file per RPC: parse the whole request, decide, reply.

pub mod explain_kpi;
pub mod get_customer_profile;
pub mod get_journey;
pub mod grade_service_level;
pub mod list_journey_paths;
pub mod list_kpis;
mod query_command;
pub mod query_kpis;
pub mod ready;
pub mod watch_kpis;
