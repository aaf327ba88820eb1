//! One file per RPC: parse the whole request, let the store decide once, answer.

pub(crate) mod commit_cursor;
pub(crate) mod create_article;
pub(crate) mod delete_consumer;
pub(crate) mod escalate_session;
pub(crate) mod follow;
pub(crate) mod get_article;
pub(crate) mod get_consumer;
pub(crate) mod get_head;
pub(crate) mod get_session;
pub(crate) mod list_articles;
pub(crate) mod list_consumers;
pub(crate) mod publish_article;
pub(crate) mod record_view;
pub(crate) mod search_articles;
pub(crate) mod solve_session;
pub(crate) mod start_session;
pub(crate) mod unpublish_article;
pub(crate) mod update_article;
