use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// The caller waits.
    Queued,
    /// An agent took the call.
    Answered,
    /// The caller was put on hold.
    HoldBegan,
    /// The caller was taken off hold.
    HoldEnded,
    /// The call is over.
    HungUp,
    /// The work after the call is done.
    WrapUpEnded,
}

impl CallKind {
    /// The word under which it is serialised.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Answered => "answered",
            Self::HoldBegan => "hold_began",
            Self::HoldEnded => "hold_ended",
            Self::HungUp => "hung_up",
            Self::WrapUpEnded => "wrap_up_ended",
        }
    }
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallParty {
    /// The caller.
    Customer,
    /// The agent.
    Agent,
    /// The phone system.
    System,
}

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEvent {
    /// What.
    pub kind: CallKind,
    /// When, by the phone system's clock.
    pub at: DateTime<Utc>,
    /// `agents/{agent}`; empty: not known.
    pub agent: String,
    /// The phone system's queue; empty: the ticket's.
    pub queue: String,
    /// Who hung up.
    pub hung_up_by: Option<CallParty>,
    /// Seconds of talk, if counted.
    pub talk_seconds: Option<u32>,
    /// Seconds on hold, if counted.
    pub hold_seconds: Option<u32>,
}

impl CallEvent {
    /// What the event is known by within its source: the same told twice is one.
    pub fn external_id(&self, call: &str) -> String {
        let CallEvent { kind, at, agent, .. } = self;
        let agent = agent.strip_prefix("agents/").unwrap_or(agent);
        format!("{call}/{}/{}/{agent}", kind.word(), at.timestamp_micros())
    }
}
