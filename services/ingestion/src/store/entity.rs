//! Rows. They never leave the store.

pub(super) mod departure;
pub(super) mod grant;
pub(super) mod import;
pub(super) mod import_error;
pub(super) mod import_line;
pub(super) mod inbox;
pub(super) mod mailbox;
pub(super) mod outgoing;
pub(super) mod outgoing_cursor;
pub(super) mod proof;
pub(super) mod quarantine;
pub(super) mod raw;
pub(super) mod raw_customer;
pub(super) mod source;
pub(super) mod thin;
