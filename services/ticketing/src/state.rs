//! The life of a ticket: one function decides every change of state.
//!
//! Pure. CLOSED is final; whatever arrives for a closed ticket begins a linked follow-up. What
//! people write never solves or closes a ticket, and what a machine writes never reopens one: a
//! bounce answered by a reopen answered by a bounce would never end.

use std::fmt;
use std::str::FromStr;

use vorrang_error::Error;

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has done anything about it yet.
    New,
    /// Somebody of ours has to act.
    Open,
    /// Waits for the customer.
    Pending,
    /// Waits for a third party.
    OnHold,
    /// Done as far as we know; the customer's next message opens it again.
    Solved,
    /// Over for good.
    Closed,
}

/// A state, and the tenant's own sub-state of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Where it stands.
    pub state: State,
    /// Id of the sub-state; none: in the state alone. Whoever names one has checked that it is one of this state.
    pub sub_state: Option<&'a str>,
}

/// What can happen to a ticket that may change its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger<'a> {
    /// The customer wrote.
    CustomerWrote,
    /// An agent wrote to the customer.
    AgentReplied,
    /// A machine wrote, or an agent left an internal note.
    Noted,
    /// Somebody took it, or was given it. Taking is no work yet: the state stays.
    Assigned,
    /// Somebody says what it is now. Giving a solved ticket any state but CLOSED is a reopen.
    Become(Standing<'a>),
}

impl State {
    /// Every state, in the order of a ticket's life.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Open,
        Self::Pending,
        Self::OnHold,
        Self::Solved,
        Self::Closed,
    ];

    /// The name that is stored and spoken.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Open => "OPEN",
            Self::Pending => "PENDING",
            Self::OnHold => "ON_HOLD",
            Self::Solved => "SOLVED",
            Self::Closed => "CLOSED",
        }
    }

    /// Whether somebody of ours has to act: only such tickets stand in a queue.
    pub fn needs_work(self) -> bool {
        matches!(self, Self::New | Self::Open)
    }

    /// The state alone.
    pub fn alone(self) -> Standing<'static> {
        Standing {
            state: self,
            sub_state: None,
        }
    }
}

impl<'a> Standing<'a> {
    /// Where the ticket stands after `trigger`. The same standing means that nothing changes. A sub-state goes when its
    /// state is left; a verb leaves exactly the one that it names.
    ///
    /// # Errors
    /// Precondition `TRANSITION_NOT_ALLOWED` for a verb that the state does not allow, `TICKET_CLOSED` for anything else
    /// about a closed ticket, and `TICKET_SOLVED` for assigning a solved one: it has to be reopened first, so that every
    /// reopen is one on purpose.
    pub fn after(self, trigger: Trigger<'a>) -> Result<Self, Error> {
        use State::{Closed, New, Open, Solved};
        let state = match (self.state, trigger) {
            (Closed, Trigger::Become(wanted)) if wanted.state == Closed => {
                return match wanted.sub_state {
                    // A repeated close changes nothing, also not how it was closed.
                    None => Ok(self),
                    named if named == self.sub_state => Ok(self),
                    Some(_) => Err(closed()),
                };
            }
            (Closed, Trigger::Become(wanted)) => return Err(not_allowed(Closed, wanted.state)),
            (state, Trigger::Become(wanted)) if wanted.state == New => return Err(not_allowed(state, New)),
            (_, Trigger::Become(wanted)) => return Ok(wanted),
            (Closed, _) => return Err(closed()),
            (Solved, Trigger::Assigned) => {
                return Err(Error::precondition(
                    "TICKET_SOLVED",
                    "the ticket is solved; reopen it first",
                ));
            }
            (state, Trigger::Noted | Trigger::Assigned) => state,
            (New, Trigger::CustomerWrote) => New,
            (_, Trigger::CustomerWrote) => Open,
            (New, Trigger::AgentReplied) => Open,
            (state, Trigger::AgentReplied) => state,
        };
        Ok(if state == self.state { self } else { state.alone() })
    }
}

fn closed() -> Error {
    Error::precondition("TICKET_CLOSED", "the ticket is closed for good; open a new one instead")
}

fn not_allowed(from: State, to: State) -> Error {
    Error::precondition(
        "TRANSITION_NOT_ALLOWED",
        format!("a ticket that is {from} cannot become {to}"),
    )
    .with("from", from.as_str())
    .with("to", to.as_str())
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no ticket state")))
    }
}

impl serde::Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for State {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
