//! What was told since somebody looked: whoever remembers what follows from facts learns here what to derive again.

use super::{Symbol, TicketIndex};
use crate::buckets::Micros;

/// Something of which more is known than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A ticket: its opening or its timeline.
    Ticket(TicketIndex),
    /// A customer: who they are or were, or what they answered apart from any ticket.
    Customer(Symbol),
    /// The team of an agent, at whatever time.
    Agent(Symbol),
    /// Schedules or policies, from a time on.
    Desk(Micros),
}

/// The changes, in the order in which they were told. Those that everybody has read can be forgotten.
#[derive(Debug, Default)]
pub struct Changes {
    forgotten: u64,
    log: Vec<Change>,
}

impl Changes {
    pub(super) fn note(&mut self, change: Change) {
        // Also when it is the last one again: somebody may have read that.
        self.log.push(change);
    }

    /// Everything after the first `read`; None when some of it is forgotten.
    pub fn since(&self, read: u64) -> Option<&[Change]> {
        let place = usize::try_from(read.checked_sub(self.forgotten)?).ok()?;
        self.log.get(place..)
    }

    /// How many there were.
    pub fn end(&self) -> u64 {
        self.forgotten + self.log.len() as u64
    }

    /// Whoever remembers anything must begin anew.
    pub(super) fn forget_all(&mut self) {
        self.forgotten = self.end() + 1;
        self.log.clear();
    }

    pub(super) fn forget(&mut self) {
        self.forgotten = self.end();
        self.log.clear();
    }
}
