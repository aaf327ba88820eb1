//! Taking away what is personal.

use chrono::{DateTime, Utc};

use super::{Change, Ticket};
use crate::state::State;

impl Ticket {
    /// [`Ticket::erase`] when its customer goes: it is closed, also as part of another ticket, since nobody can work on it.
    pub fn erase_and_close(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        let mut changes = Vec::new();
        self.stand(State::Closed, None, now, &mut changes);
        self.erase(now);
        changes
    }

    /// Takes every personal field away, for good. Whoever calls it destroys the key, too.
    pub fn erase(&mut self, now: DateTime<Utc>) {
        self.subject.clear();
        self.custom_fields.retain(|_, value| !value.is_personal());
        self.erased = true;
        self.touch(now);
    }
}
