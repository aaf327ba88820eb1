//! Which policy applies to a ticket.

use serde::{Deserialize, Serialize};

use crate::goal::Goal;

/// A promise to some tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// Lower comes first; none comes last.
    pub position: Option<i32>,
    /// Where it stands among policies of one position: the older, the lower.
    pub age: i64,
    /// To which tickets.
    pub matching: Match,
    /// What is promised.
    pub goals: Vec<Goal>,
    /// Id of the schedule of its business clocks.
    pub schedule: Option<String>,
}

/// A condition: every named attribute must have one of its values. Nothing named fits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Tiers of the customer.
    pub tiers: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
    /// Priorities.
    pub priorities: Vec<String>,
}

/// What a ticket is matched by: as it was when it was opened.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The customer's tier.
    pub tier: &'a str,
    /// Channel.
    pub channel: &'a str,
    /// Priority.
    pub priority: &'a str,
}

impl Match {
    /// Whether `subject` has what is asked for.
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        let one_of = |values: &[String], value: &str| values.is_empty() || values.iter().any(|one| one == value);
        one_of(&self.tiers, subject.tier)
            && one_of(&self.channels, subject.channel)
            && one_of(&self.priorities, subject.priority)
    }
}

/// The first policy that `fits`, by position, then by age.
pub fn pick<'a>(policies: impl IntoIterator<Item = &'a Policy>, fits: impl Fn(&Policy) -> bool) -> Option<&'a Policy> {
    policies
        .into_iter()
        .filter(|policy| fits(policy))
        .min_by_key(|policy| (policy.position.is_none(), policy.position, policy.age))
}
