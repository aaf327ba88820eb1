//! Moving messages to a new ticket.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use super::{Change, Moved, Ticket};
use crate::conversation::{Conversation, Said};
use crate::state::Trigger;
use crate::words::{ActorKind, Visibility};

/// Most messages of one split.
pub const SPLIT_MAX: usize = 500;

impl Moved {
    /// What it is in the conversation of the ticket it belongs to now.
    fn said(&self, ticket: Uuid) -> Said {
        Said::new(self.id, ticket, &self.actor, self.visibility, self.occurred_at)
    }
}

impl Ticket {
    /// Refuses a split that this ticket cannot have.
    ///
    /// # Errors
    /// Precondition `TICKET_MERGED`, `TICKET_SET_ASIDE`, `TICKET_CLOSED`, `ERASED`; `SPLIT_TAKES_ALL` when `taken` are all of its messages.
    pub fn check_splits(&self, taken: usize) -> Result<(), Error> {
        self.check_own()?;
        self.check_in_use()?;
        self.check_not_closed()?;
        self.check_not_erased()?;
        if i32::try_from(taken).is_ok_and(|taken| taken < self.message_count) {
            return Ok(());
        }
        Err(Error::precondition(
            "SPLIT_TAKES_ALL",
            "a split leaves at least one message; change the ticket itself instead",
        ))
    }

    /// Gives messages away; `newest` is the newest that stays. Its conversation is for the caller to read again.
    pub fn give_away(&mut self, moved: &[Moved], newest: Option<Uuid>) {
        self.last_position = self.last_position.max(self.message_count);
        self.message_count -= i32::try_from(moved.len()).unwrap_or(i32::MAX);
        self.last_message = newest;
    }

    /// Takes messages over, at once after it was opened; they are all it has. A reply among them means that somebody has
    /// worked on it.
    pub fn take_over(&mut self, moved: &[Moved], now: DateTime<Utc>) -> Result<Vec<Change>, Error> {
        self.message_count = i32::try_from(moved.len()).unwrap_or(i32::MAX);
        self.last_position = moved.iter().map(|one| one.position).max().unwrap_or(0);
        self.last_message = moved.iter().max_by_key(|one| one.position).map(|one| one.id);
        let conversation = Conversation::new(moved.iter().map(|one| one.said(self.id)).collect());
        self.contacted_at = conversation.contacted_at();
        self.first_replied_at = conversation.first_replied_at();
        let replied = moved
            .iter()
            .any(|one| one.actor.kind == ActorKind::Agent && one.visibility == Visibility::Public);
        let mut changes = Vec::new();
        if replied {
            let next = self.standing().after(Trigger::AgentReplied)?.state;
            self.stand(next, None, now, &mut changes);
        }
        Ok(changes)
    }
}
