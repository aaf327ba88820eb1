//! What can be said to have happened to a ticket.

use chrono::{DateTime, Utc};

use crate::message::Message;
use crate::state::State;
use crate::survey::Answer;
use crate::words::AssignSource;

/// What happened to a ticket in one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was opened.
    Created,
    /// Fields were changed; their names.
    Updated(Vec<&'static str>),
    /// Its state changed from this one.
    StateChanged(State),
    /// It entered a queue again, or moved to another one.
    Queued,
    /// An agent got it.
    Assigned(Assignment),
    /// A message was added.
    Message(Message),
    /// A survey was answered; whether it replaces an earlier answer.
    Answered(Answer, bool),
}

/// How an agent got a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// By hand or from the queue.
    pub source: AssignSource,
    /// Who had it before.
    pub previous: Option<String>,
    /// Since when it had waited; none: it did not.
    pub queue_entered_at: Option<DateTime<Utc>>,
    /// When it was taken; never before it began to wait.
    pub accepted_at: DateTime<Utc>,
}
