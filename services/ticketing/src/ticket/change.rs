//! What can be said to have happened to a ticket.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_sla::Fact;

use super::{CallEvent, Left, LinkKind, Ticket};
use crate::action::Notice;
use crate::automation::Run;
use crate::macros::Used;
use crate::message::Message;
use crate::sla::{self, SlaChange};
use crate::state::State;
use crate::words::{Actor, AssignSource, Disposition, Visibility};

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
    /// It was marked or restored; its disposition before.
    DispositionChanged(Disposition),
    /// It became part of another ticket; the one whose conversation it is part of now, after all that happened.
    Merged(Box<Ticket>),
    /// It became one of its own again; the ticket whose conversation it has left, and the one it had been merged into.
    Unmerged(Box<Ticket>, Uuid),
    /// Messages of it moved to this new ticket.
    Split(Box<Ticket>, Vec<Moved>),
    /// It was linked to this ticket.
    Linked(Box<Ticket>, LinkKind),
    /// Its link to this ticket was removed.
    Unlinked(Box<Ticket>, LinkKind),
    /// Something happened to its promises.
    Sla(SlaChange),
    /// Retention erased its texts.
    TextsErased,
    /// Retention erased the bytes of so many attachments.
    AttachmentsErased(i32),
    /// A macro was used on it.
    MacroApplied(Used),
    /// Agents were told about it.
    Notified(Notice),
    /// An automation was set off by what happened to it.
    Automated(Box<Run>),
    /// The customer left the queue.
    QueueLeft(Left),
    /// Something happened to its phone call.
    Call(CallEvent),
}

/// A message that moved to another ticket, without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its id, as before.
    pub id: Uuid,
    /// Its place, as before.
    pub position: i32,
    /// Who wrote it.
    pub actor: Actor,
    /// Who can see it.
    pub visibility: Visibility,
    /// When it was written.
    pub occurred_at: DateTime<Utc>,
    /// Whether a machine wrote it.
    pub automated: bool,
}

impl Moved {
    /// What it means to promises.
    pub fn fact(&self) -> Option<Fact> {
        let what = sla::said(self.actor.kind, self.visibility)?;
        Some(Fact::new(self.occurred_at, what))
    }
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
