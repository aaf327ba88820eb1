//! What agents hold: offers that ticketing made true, until they are finished.

use vorrang_error::Error;

use crate::apply::Held;
use crate::connection::Queue;
use crate::script;

/// Ticketing gave a ticket to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The ticket's id.
    pub ticket: String,
    /// Token of the accepted offer.
    pub token: String,
    /// Who has it now.
    pub agent: String,
    /// Channel of the slot it takes.
    pub channel: String,
    /// The generation after the assignment.
    pub generation: i64,
}

/// What a confirmation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// The agent holds it and a slot is taken. If the lease had gone to somebody else by then, that one was ended.
    Held {
        /// The lease of another agent that was ended.
        ended: Option<Held>,
    },
    /// The queues know of a newer generation; nothing was changed.
    Stale,
}

/// Who holds a ticket: by an offer, or as theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Whose it is.
    pub agent: String,
    /// Token of the offer; empty when the queues know of none.
    pub token: String,
    /// The generation that was offered, or the one after the assignment.
    pub generation: i64,
}

impl Queue {
    /// Who holds these tickets, in the same order.
    pub async fn holders(&self, tenant: &str, tickets: &[String]) -> Result<Vec<Option<Holder>>, Error> {
        let rows = self
            .call(tenant, &script::HOLDERS, &[], |_| {
                tickets.iter().map(|ticket| ticket.clone().into_bytes()).collect()
            })
            .await?;
        rows.map(|mut row| {
            let holder = Holder {
                agent: row.text(0)?,
                token: row.text(1)?,
                generation: row.number(2)?,
            };
            Ok((!holder.agent.is_empty()).then_some(holder))
        })
        .collect()
    }

    /// Makes offers the agents' own. Stronger than any lease, since ticketing has decided; repeating it changes nothing.
    pub async fn confirm(&self, tenant: &str, confirmations: &[Confirmation]) -> Result<Vec<Confirmed>, Error> {
        let rows = self
            .call(tenant, &script::CONFIRM, &[], |_| {
                confirmations
                    .iter()
                    .flat_map(|c| {
                        [
                            c.ticket.clone(),
                            c.token.clone(),
                            c.agent.clone(),
                            c.channel.clone(),
                            c.generation.to_string(),
                        ]
                    })
                    .map(String::into_bytes)
                    .collect()
            })
            .await?;
        rows.zip(confirmations)
            .map(|(mut row, confirmation)| {
                if row.text(0)? == "STALE" {
                    return Ok(Confirmed::Stale);
                }
                let (token, agent) = (row.text(1)?, row.text(2)?);
                let ended = (!agent.is_empty()).then(|| Held {
                    ticket: confirmation.ticket.clone(),
                    token,
                    agent,
                });
                Ok(Confirmed::Held { ended })
            })
            .collect()
    }

    /// Gives the agent's slots back. For each ticket whether a slot was freed; `false`: none was taken (any more).
    pub async fn finish(&self, tenant: &str, agent: &str, tickets: &[String]) -> Result<Vec<bool>, Error> {
        let rows = self
            .call(tenant, &script::FINISH, &[], |_| {
                std::iter::once(agent)
                    .chain(tickets.iter().map(String::as_str))
                    .map(|text| text.as_bytes().to_vec())
                    .collect()
            })
            .await?;
        rows.map(|mut row| Ok(row.text(0)? == "FREED")).collect()
    }
}
