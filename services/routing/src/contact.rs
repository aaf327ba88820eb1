//! What routing knows of tickets. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::words::{Channel, Priority};

/// A ticket as ticketing last told it, with what routing decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Its uuid.
    pub id: String,
    pub number: i64,
    pub subject: String,
    pub channel: Channel,
    pub priority: Priority,
    pub tier: String,
    pub queue: String,
    /// Id of the agent who has it.
    pub assignee: Option<String>,
    /// Whether somebody of ours is to act: NEW or OPEN.
    pub open: bool,
    pub due_at: Option<DateTime<Utc>>,
    /// Whether a promise for which somebody still waits is at risk, or was missed already.
    pub sla_at_risk: bool,
    /// Since when it waits; `None`: it does not.
    pub queue_entered_at: Option<DateTime<Utc>>,
    pub generation: i64,
    /// Nobody is on the line (any more) although the channel is a live one.
    pub asynchronous: bool,
}

impl Ticket {
    /// The channel as which it is served: whoever left a chat is answered like somebody who wrote a mail.
    pub(crate) fn served_as(&self) -> Channel {
        served_as(self.channel, self.asynchronous)
    }
}

fn served_as(channel: Channel, asynchronous: bool) -> Channel {
    match asynchronous {
        true => Channel::Email,
        false => channel,
    }
}

/// A contact that waits or is offered, as it is kept with its place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    /// The ticket's uuid.
    pub ticket: String,
    pub number: i64,
    pub queue: String,
    pub channel: Channel,
    pub tier: String,
    pub priority: Priority,
    /// Id of its class.
    pub class: String,
    /// Position of the class.
    pub rank: u8,
    pub due_at: DateTime<Utc>,
    pub queue_entered_at: DateTime<Utc>,
    pub generation: i64,
    /// Text of the customer: shown to agents, never kept in our log.
    pub subject: String,
    /// As of the ticket; missing in contacts of older processes.
    #[serde(default)]
    pub asynchronous: bool,
}

impl Contact {
    /// The channel whose lane and slot it takes.
    pub(crate) fn served_as(&self) -> Channel {
        served_as(self.channel, self.asynchronous)
    }

    /// For the log, which must not hold customers' text.
    pub(crate) fn without_text(mut self) -> Self {
        self.subject.clear();
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
    }

    /// An e-mail of a standard customer that waits.
    pub(crate) fn ticket() -> Ticket {
        Ticket {
            id: "01990000-0000-7000-8000-000000000001".to_owned(),
            number: 1,
            subject: "Printer".to_owned(),
            channel: Channel::Email,
            priority: Priority::Normal,
            tier: "standard".to_owned(),
            queue: "default".to_owned(),
            assignee: None,
            open: true,
            due_at: None,
            sla_at_risk: false,
            queue_entered_at: Some(at(0)),
            generation: 1,
            asynchronous: false,
        }
    }
}
