//! One file per RPC: parse the whole request, let the store decide once, answer.

pub(crate) mod commit_cursor;
pub(crate) mod create_agent;
pub(crate) mod delete_consumer;
pub(crate) mod follow;
pub(crate) mod get_agent;
pub(crate) mod get_consumer;
pub(crate) mod get_head;
pub(crate) mod get_queue_stats;
pub(crate) mod get_routing_policy;
pub(crate) mod get_wait;
pub(crate) mod list_agents;
pub(crate) mod list_consumers;
pub(crate) mod peek_queue;
pub(crate) mod update_agent;
pub(crate) mod update_routing_policy;
pub(crate) mod work;
