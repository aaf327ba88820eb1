//! A conversation: what was said in a ticket and in everything merged into it, by time, and what that amounts to. Pure.
//!
//! Who said something and when is enough to know first response and turns; no words are needed. A merge in force counts for the whole
//! past and an undone one never was, so this is always read from the messages as they are, whichever ticket each belongs to.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::{Actor, ActorKind, Visibility};

/// Who said something, as far as turns are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// The customer, who waits from then on.
    Customer,
    /// An agent to the customer: a reply. By whom, `agents/{agent}`.
    Reply(String),
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
            (ActorKind::Agent, Visibility::Public) => Voice::Reply(actor.id.clone()),
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

/// A run of customers' messages with no reply, and no solve or close, in between.
#[allow(dead_code, reason = "targets for responses read turns")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When its first message was written: the customer waits since then.
    pub began_at: DateTime<Utc>,
    /// That message.
    pub message: Uuid,
    /// How it ended.
    pub end: TurnEnd,
}

/// How a turn ended.
#[allow(dead_code, reason = "targets for responses read turns")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEnd {
    /// By a reply.
    Replied {
        /// When.
        at: DateTime<Utc>,
        /// The reply.
        message: Uuid,
        /// Whose, `agents/{agent}`.
        agent: String,
    },
    /// The ticket was solved or closed without a reply: nothing is owed, and there is no response time.
    Over(DateTime<Utc>),
    /// Not yet.
    Open,
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
            .find(|one| matches!(one.voice, Voice::Reply(_)))
            .map(|one| one.at)
    }

    /// Its turns. `over`: when the ticket whose conversation it is was solved or closed, in any order; of what happened in the same
    /// instant the messages come first. Notes and machines end no turn.
    #[allow(dead_code, reason = "targets for responses read turns")]
    pub fn turns(&self, over: &[DateTime<Utc>]) -> Vec<Turn> {
        let mut over = over.to_vec();
        over.sort_unstable();
        let mut over = over.into_iter().peekable();
        let mut turns: Vec<Turn> = Vec::new();
        for one in &self.0 {
            while let Some(at) = over.next_if(|at| *at < one.at) {
                end(&mut turns, TurnEnd::Over(at));
            }
            match &one.voice {
                Voice::Customer => {
                    if turns.last().is_none_or(|turn| turn.end != TurnEnd::Open) {
                        turns.push(Turn {
                            began_at: one.at,
                            message: one.message,
                            end: TurnEnd::Open,
                        });
                    }
                }
                Voice::Reply(agent) => end(
                    &mut turns,
                    TurnEnd::Replied {
                        at: one.at,
                        message: one.message,
                        agent: agent.clone(),
                    },
                ),
                Voice::Aside => {}
            }
        }
        for at in over {
            end(&mut turns, TurnEnd::Over(at));
        }
        turns
    }
}

/// Ends the turn that is open, if one is.
#[allow(dead_code, reason = "targets for responses read turns")]
fn end(turns: &mut [Turn], how: TurnEnd) {
    if let Some(turn) = turns.last_mut()
        && turn.end == TurnEnd::Open
    {
        turn.end = how;
    }
}

#[cfg(test)]
mod tests;
