//! What the services rely on, on both engines: the log, the stored answers, the schema, and what errors mean.

mod commit;
mod connect;
mod event_log;
mod fingerprints;
mod idempotency;
mod rows;
mod schema;
mod support;
