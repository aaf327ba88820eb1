//! What can become of a push.

use uuid::Uuid;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new ticket.
    Created,
    /// Added to a ticket that was there.
    Appended,
    /// Seen before.
    Duplicate,
    /// Not understood; kept whole.
    Quarantined,
    /// Kept; becomes a ticket when ticketing can be reached.
    Accepted,
    /// Names something and tells nothing of it; becomes a ticket when the whole of it is pushed.
    NeedsEnrichment,
}

impl Outcome {
    /// The word used in HTTP answers and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Created => "CREATED",
            Outcome::Appended => "APPENDED",
            Outcome::Duplicate => "DUPLICATE",
            Outcome::Quarantined => "QUARANTINED",
            Outcome::Accepted => "ACCEPTED",
            Outcome::NeedsEnrichment => "NEEDS_ENRICHMENT",
        }
    }

    /// The opposite of [`Outcome::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [
            Outcome::Created,
            Outcome::Appended,
            Outcome::Duplicate,
            Outcome::Quarantined,
            Outcome::Accepted,
            Outcome::NeedsEnrichment,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == word)
    }
}

/// What became of a push, and where to find it. Names that do not apply are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushResult {
    /// What became of it.
    pub outcome: Outcome,
    /// `tickets/{uuid}`.
    pub ticket: String,
    /// The ticket's number; 0 when there is none.
    pub ticket_number: i64,
    /// `tickets/{uuid}/messages/{uuid}`.
    pub message: String,
    /// `customers/{uuid}`.
    pub customer: String,
    /// `quarantineItems/{uuid}`.
    pub quarantine_item: String,
    /// `receipts/{uuid}`.
    pub receipt: String,
}

impl PushResult {
    /// Without any name.
    pub fn empty(outcome: Outcome) -> Self {
        Self {
            outcome,
            ticket: String::new(),
            ticket_number: 0,
            message: String::new(),
            customer: String::new(),
            quarantine_item: String::new(),
            receipt: String::new(),
        }
    }

    /// Kept in the inbox under this id.
    pub fn accepted(receipt: Uuid) -> Self {
        Self {
            receipt: crate::names::receipt(receipt),
            ..Self::empty(Outcome::Accepted)
        }
    }

    /// Kept under this id until the whole of what it names is pushed.
    pub fn needs_enrichment(item: Uuid) -> Self {
        Self {
            quarantine_item: crate::names::quarantine_item(item),
            ..Self::empty(Outcome::NeedsEnrichment)
        }
    }

    /// Kept in quarantine under this id.
    pub fn quarantined(item: Uuid) -> Self {
        Self {
            quarantine_item: crate::names::quarantine_item(item),
            ..Self::empty(Outcome::Quarantined)
        }
    }
}
