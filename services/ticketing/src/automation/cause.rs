//! What led to something, and what therefore does not go on.
//!
//! Whatever an automation brings about carries the automations that led to it. Nothing endless can come of that: one that is in the
//! chain is not set off again by it, the chain is bounded, and what people and customers do begins a new one. A bound per ticket
//! and hour is for loops that go through the world outside (two machines that write to each other).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest chain.
pub const DEPTH_MAX: usize = 8;
/// Applications to one ticket within an hour.
pub const RUNS_PER_HOUR: u64 = 30;
/// Automatic replies to one customer within an hour, over all their tickets.
pub const REPLIES_PER_HOUR: u64 = 5;

/// The automations that led to something, the first one first. Empty: somebody did it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cause(pub Vec<Uuid>);

/// Why an automation that would have changed something did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// What set it off was brought about by itself.
    OwnDoing,
    /// The chain is too long.
    TooDeep,
    /// Too much was done to the ticket within an hour.
    TooOften,
}

impl Stop {
    /// As it is told.
    pub fn reason(self) -> &'static str {
        match self {
            Self::OwnDoing => "OWN_DOING",
            Self::TooDeep => "CHAIN_TOO_LONG",
            Self::TooOften => "TOO_OFTEN",
        }
    }
}

impl Cause {
    /// The cause of what `automation` does, set off by this.
    ///
    /// # Errors
    /// When it must not go on.
    pub fn then(&self, automation: Uuid) -> Result<Self, Stop> {
        if self.0.contains(&automation) {
            return Err(Stop::OwnDoing);
        }
        if self.0.len() >= DEPTH_MAX {
            return Err(Stop::TooDeep);
        }
        let mut chain = self.0.clone();
        chain.push(automation);
        Ok(Self(chain))
    }
}
