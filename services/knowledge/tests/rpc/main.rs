//! Knowledge as its clients see it: served by the chassis on a real port, called through the Rust client, with an
//! ingestion beside it that answers as each test says.

mod articles;
mod escalation;
mod feed;
mod search;
mod sessions;
mod support;
