//! The database of ingestion. Entities never leave this module; no query is without a tenant, but those that find the source a
//! webhook names (the source says the tenant), what waits to be delivered or applied, who has left (the row says it), and what is old.

mod departures;
mod entity;
mod grants;
mod imports;
mod inbox;
mod mailboxes;
mod migrations;
mod outgoing;
mod owners;
mod proofs;
mod quarantine;
mod raw;
mod sources;
#[cfg(test)]
mod tests;
mod thin;

use vorrang_database::Database;
use vorrang_error::Error;
use vorrang_service::Ids;

pub use departures::Departure;
pub use grants::Grant;
pub use imports::{Applied, BAD_KEPT, NewLine, Part, Pending};
pub use inbox::{NewInboxItem, Receipt, Waiting};
pub use mailboxes::{MailboxKey, Position};
pub use migrations::Migrator;
pub use outgoing::{Outgoing, Posted};
pub use owners::Owner;
pub use quarantine::{NEEDS_ENRICHMENT, NOT_A_CONTACT, NewQuarantineItem, QuarantineItem, QuarantineState, Retried};
pub use raw::NewRaw;
pub use sources::{Call, Source, SourceChange};
pub use thin::{Named, Whole};

/// The store. Clones share the database.
#[derive(Clone)]
pub struct Store {
    database: Database,
    ids: Ids,
}

impl Store {
    /// A store over a database with [`Migrator`]'s schema.
    pub fn new(database: Database, ids: Ids) -> Self {
        Self { database, ids }
    }
}

/// The request id was used before for something else.
pub fn request_id_reused() -> Error {
    Error::invalid_field(
        "request_id",
        "was used before for another request; use a new one, or repeat the first request unchanged",
    )
    .with_reason("REQUEST_ID_REUSED")
}
