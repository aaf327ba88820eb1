//! What a ticket is opened with, and what of it can be changed later.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::custom::{CustomFields, CustomMask, FieldId};
use crate::state::{Standing, State};
use crate::words::{Channel, Priority};

/// Tags of a ticket.
pub const TAGS_MAX: usize = 50;

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
    /// Agents who follow it. Sorted, each once.
    pub followers: Vec<String>,
    /// Values of the tenant's own fields, each of the field's type and within its bounds.
    pub custom_fields: CustomFields,
}

/// The state that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The state.
    pub state: State,
    /// Id of a sub-state of it that can be given; none: the state alone.
    pub sub_state: Option<String>,
    /// The tenant's own fields that a solved ticket must have; needed only to solve.
    pub required: Vec<FieldId>,
}

impl Wanted {
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing {
            state: self.state,
            sub_state: self.sub_state.as_deref(),
        }
    }
}

/// The state alone, with nothing required.
impl From<State> for Wanted {
    fn from(state: State) -> Self {
        Self {
            state,
            sub_state: None,
            required: Vec::new(),
        }
    }
}

/// Which fields an update sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    /// Fields of ours.
    pub fields: Vec<Field>,
    /// The tenant's own.
    pub custom: CustomMask,
}

impl Mask {
    /// Whether it may change this field.
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::CustomFields => self.custom != CustomMask::default(),
            other => self.fields.contains(&other),
        }
    }
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
    Followers,
    /// All of the tenant's own.
    CustomFields,
}

impl Field {
    /// All of them, with their names in the contract.
    pub(super) const NAMES: [(Self, &'static str); 9] = [
        (Self::Subject, "subject"),
        (Self::Priority, "priority"),
        (Self::Queue, "queue"),
        (Self::Tags, "tags"),
        (Self::Intent, "intent"),
        (Self::Language, "language"),
        (Self::DueAt, "due_at"),
        (Self::Followers, "followers"),
        (Self::CustomFields, "custom_fields"),
    ];

    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == path)
            .map(|(field, _)| *field)
    }
}

#[cfg(test)]
mod tests;
