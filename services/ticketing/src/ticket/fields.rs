//! What a ticket is opened with, and what of it can be changed later.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::{Channel, Priority};

/// What a new ticket starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its id.
    pub id: Uuid,
    /// Running number of the tenant.
    pub number: i64,
    /// Whose matter it is.
    pub customer: Uuid,
    /// The tier that holds for the customer when it is opened.
    pub tier: String,
    /// The customer's organisation.
    pub organization: Option<Uuid>,
    /// Channel of the first contact.
    pub channel: Channel,
    /// What it follows up.
    pub follow_up_of: Option<Uuid>,
    /// The ticket from whose messages it is made.
    pub split_from: Option<Uuid>,
    /// Whether a machine wrote the first contact.
    pub automated: bool,
    /// When it was opened; none means now, and so does a time to come.
    pub opened_at: Option<DateTime<Utc>>,
    /// The fields that can also be changed later.
    pub fields: Fields,
}

/// The fields of a ticket that a client can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Subject.
    pub subject: String,
    /// Priority.
    pub priority: Priority,
    /// Queue, never empty.
    pub queue: String,
    /// Sorted, each once.
    pub tags: Vec<String>,
    /// Intent.
    pub intent: String,
    /// Language.
    pub language: String,
    /// Due time.
    pub due_at: Option<DateTime<Utc>>,
}

/// A field that `UpdateTicket` can change, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Subject,
    Priority,
    Queue,
    Tags,
    Intent,
    Language,
    DueAt,
}

impl Field {
    /// All of them, with their names in the contract.
    pub(super) const NAMES: [(Self, &'static str); 7] = [
        (Self::Subject, "subject"),
        (Self::Priority, "priority"),
        (Self::Queue, "queue"),
        (Self::Tags, "tags"),
        (Self::Intent, "intent"),
        (Self::Language, "language"),
        (Self::DueAt, "due_at"),
    ];

    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == path)
            .map(|(field, _)| *field)
    }
}
