//! Word to agents.

use serde::{Deserialize, Serialize};

use crate::ticket::Ticket;

/// Whom to tell what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// These agents, `agents/{agent}`. Sorted, each once.
    pub agents: Vec<String>,
    /// Those who follow the ticket.
    pub followers: bool,
    /// Whoever has it.
    pub assignee: bool,
    /// What, besides the ticket.
    pub text: String,
}

/// Word that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To whom. Sorted, each once.
    pub agents: Vec<String>,
    /// What.
    pub text: String,
}

impl Notify {
    /// Who is told now; none when that is nobody.
    pub fn notice(&self, ticket: &Ticket) -> Option<Notice> {
        let mut agents = self.agents.clone();
        if self.followers {
            agents.extend(ticket.followers.iter().cloned());
        }
        if self.assignee {
            agents.extend(ticket.assignee.clone());
        }
        agents.sort_unstable();
        agents.dedup();
        (!agents.is_empty()).then(|| Notice {
            agents,
            text: self.text.clone(),
        })
    }
}
