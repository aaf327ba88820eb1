//! Whether a ticket counts: marking it as spam or deleted, and restoring it.
//!
//! Not a state: a closed ticket that turns out to be spam is still closed, and still no figure may count it. What becomes
//! of it later counts again from the beginning, as if it had never been marked.

use chrono::{DateTime, Utc};
use vorrang_error::Error;

use super::{Change, Ticket};
use crate::words::Disposition;

impl Ticket {
    /// Sets the ticket aside, or makes it count again; whatever its state. It leaves its queue at once, and when it is
    /// restored it waits anew if nobody has it. Whoever has it keeps it, but cannot work on it meanwhile.
    ///
    /// # Errors
    /// Precondition `TICKET_MERGED`: what is part of another ticket shares its fate.
    pub fn dispose(&mut self, disposition: Disposition, now: DateTime<Utc>) -> Result<Vec<Change>, Error> {
        self.check_own()?;
        if self.disposition == disposition {
            return Ok(Vec::new());
        }
        let previous = std::mem::replace(&mut self.disposition, disposition);
        let mut changes = vec![Change::DispositionChanged(previous)];
        self.settle_queue(now, &mut changes);
        self.touch(now);
        Ok(changes)
    }

    /// Refuses work on a ticket that is set aside.
    ///
    /// # Errors
    /// Precondition `TICKET_SET_ASIDE`.
    pub fn check_in_use(&self) -> Result<(), Error> {
        match self.disposition {
            Disposition::Normal => Ok(()),
            aside => Err(Error::precondition(
                "TICKET_SET_ASIDE",
                "the ticket is marked as spam or deleted; restore it first",
            )
            .with("disposition", aside.as_str())),
        }
    }
}

#[cfg(test)]
mod tests;
