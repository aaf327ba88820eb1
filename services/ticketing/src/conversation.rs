//! A conversation: what was said in a ticket and in everything merged into it, by time, and what that amounts to. Pure.
//!
//! Who said something and when is enough to know the first response; no words are needed. A merge in force counts for the whole past and an
//! undone one never was, so this is always read from the messages as they are, whichever ticket each belongs to. Turns are `vorrang_sla`'s.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::{Actor, ActorKind, Visibility};

/// Who said something, as far as responses are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// The customer, who waits from then on.
    Customer,
    /// An agent to the customer: a reply.
    Reply,
    /// A machine, or an agent to agents: begins and ends nothing.
    Aside,
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The message. Ids rise in the order of arrival, which decides between equal times.
    pub message: Uuid,
    /// The ticket it belongs to.
    pub ticket: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who said it.
    pub voice: Voice,
}

impl Said {
    /// What a message is in a conversation.
    pub fn new(message: Uuid, ticket: Uuid, actor: &Actor, visibility: Visibility, at: DateTime<Utc>) -> Self {
        let voice = match (actor.kind, visibility) {
            (ActorKind::Customer, _) => Voice::Customer,
            (ActorKind::Agent, Visibility::Public) => Voice::Reply,
            (ActorKind::Agent, Visibility::Internal) | (ActorKind::Automation, _) => Voice::Aside,
        };
        Self {
            message,
            ticket,
            at,
            voice,
        }
    }
}

/// Everything said, by time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation(Vec<Said>);

impl Conversation {
    /// Puts what was said in order.
    pub fn new(mut said: Vec<Said>) -> Self {
        said.sort_by_key(|one| (one.at, one.message));
        Self(said)
    }

    /// The customer's first message.
    pub fn contacted_at(&self) -> Option<DateTime<Utc>> {
        self.0.iter().find(|one| one.voice == Voice::Customer).map(|one| one.at)
    }

    /// The first reply after the customer's first message, whatever lies between: first response is the difference.
    pub fn first_replied_at(&self) -> Option<DateTime<Utc>> {
        self.0
            .iter()
            .skip_while(|one| one.voice != Voice::Customer)
            .find(|one| one.voice == Voice::Reply)
            .map(|one| one.at)
    }
}

#[cfg(test)]
mod tests;
