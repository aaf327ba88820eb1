//! In which order contacts are served: the policy as data, and the pure function that gives a contact its place.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::contact::Ticket;
use crate::words::{Channel, Priority};

/// The policy of a tenant that has none of its own.
const DEFAULT: &str = include_str!("policy.default.toml");

/// By which contacts are ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// 0 is the one built in.
    #[serde(skip)]
    pub version: i64,
    /// When it came into force; `None` for version 0.
    #[serde(skip)]
    pub created_at: Option<DateTime<Utc>>,
    /// How long an offer is held without a heartbeat.
    pub lease_seconds: u32,
    /// After this many returns a contact is parked.
    pub max_returns: u32,
    /// When somebody is there for live chats, `schedules/{uuid}`; empty: always. Missing in policies of before.
    #[serde(default)]
    pub live_schedule: String,
    /// The first is served first. At least one; the last matches everything.
    pub classes: Vec<Class>,
}

/// One class. An empty condition matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Class {
    pub id: String,
    #[serde(default)]
    pub tiers: Vec<String>,
    #[serde(default)]
    pub channels: Vec<Channel>,
    #[serde(default)]
    pub priorities: Vec<Priority>,
    /// Whether contacts whose promise is at risk belong to it, whatever their priority; without priorities only they do.
    #[serde(default)]
    pub sla_at_risk: bool,
    /// A contact without a due time of its own is due this long after it entered the queue.
    pub target_seconds: i64,
}

/// Where a contact stands in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Id of its class.
    pub class: String,
    /// Position of the class, 0 is served first.
    pub rank: u8,
    /// Inside the class the earliest due is served first.
    pub due_at: DateTime<Utc>,
}

impl Policy {
    /// The policy built in.
    pub(crate) fn builtin() -> Self {
        toml::from_str(DEFAULT).expect("policy.default.toml is checked by a test")
    }

    /// Gives a contact that entered the queue at `entered` its class and due time. Pure: the same inputs always give the same place.
    pub(crate) fn standing(&self, ticket: &Ticket, entered: DateTime<Utc>) -> Standing {
        let matching = self.classes.iter().enumerate().find(|(_, class)| class.matches(ticket));
        // The last class matches everything; a policy that breaks that promise still loses nothing.
        let (rank, class) = matching
            .or_else(|| self.classes.iter().enumerate().next_back())
            .map_or((0, None), |(rank, class)| (rank, Some(class)));
        let target = class.map_or(0, |class| class.target_seconds);
        Standing {
            class: class.map(|class| class.id.clone()).unwrap_or_default(),
            rank: u8::try_from(rank).unwrap_or(u8::MAX),
            due_at: ticket.due_at.unwrap_or(entered + TimeDelta::seconds(target)),
        }
    }

    /// How long an offer is held, in milliseconds.
    pub(crate) fn lease_ms(&self) -> u64 {
        u64::from(self.lease_seconds) * 1_000
    }

    /// What happens to contacts that come back: they are not offered to the same agent again before a lease has passed.
    pub(crate) fn returns(&self) -> vorrang_queue::Returns {
        vorrang_queue::Returns {
            max: self.max_returns,
            cooldown_ms: self.lease_ms(),
        }
    }
}

impl Class {
    fn matches(&self, ticket: &Ticket) -> bool {
        matches_any(&self.tiers, &ticket.tier)
            && matches_any(&self.channels, &ticket.served_as())
            && self.presses(ticket)
    }

    /// By its priority or by what was promised.
    fn presses(&self, ticket: &Ticket) -> bool {
        let by_priority = match self.sla_at_risk {
            true => self.priorities.contains(&ticket.priority),
            false => matches_any(&self.priorities, &ticket.priority),
        };
        by_priority || self.sla_at_risk && ticket.sla_at_risk
    }

    /// Whether it has no condition at all.
    pub(crate) fn matches_everything(&self) -> bool {
        self.tiers.is_empty() && self.channels.is_empty() && self.priorities.is_empty() && !self.sla_at_risk
    }
}

fn matches_any<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

#[cfg(test)]
mod tests;
