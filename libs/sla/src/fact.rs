//! What happens in a conversation, as far as a promise is concerned.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a ticket is in its life. Before the first status fact it is [`Status::New`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has worked on it.
    New,
    /// Ours to act.
    Open,
    /// The customer's to act.
    Pending,
    /// A third party's to act.
    OnHold,
    /// Solved.
    Solved,
    /// Over.
    Closed,
}

impl Status {
    /// Whether nothing is owed while it lasts.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Solved | Self::Closed)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// The customer wrote.
    CustomerWrote,
    /// An agent wrote to the customer. Notes and what machines write are no facts.
    Replied,
    /// The ticket was given this status.
    Became(Status),
}

/// Something that happened at a time. Facts of one instant count in the order in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// When, by the clock of whoever did it.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
}

impl Fact {
    /// `what` happened `at`.
    pub fn new(at: DateTime<Utc>, what: What) -> Self {
        Self { at, what }
    }
}
