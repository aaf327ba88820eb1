//! The events of one ticket, by time.

use super::bytes::{Broken, Keep};
use super::keep::{read_after, write_after};
use super::{ActorKind, Status, Survey, Symbol, TicketIndex, Workflow};
use crate::buckets::Micros;

/// Decides between events of the same instant, and which of two answers to one question was recorded last: which feed,
/// then its sequence number (an imported history: the place of the line, sorted by time). Unique per event, so that the
/// order of a timeline never depends on arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Order(u64);

impl Order {
    /// The event `seq` of the feed `feed` (small numbers come first among equal instants).
    pub fn new(feed: u8, seq: i64) -> Self {
        // 56 bits of sequence: a thousand events a second for two million years.
        Self(u64::from(feed) << 56 | (seq.max(0) as u64 & ((1 << 56) - 1)))
    }

    /// What it was made of.
    pub(super) fn parts(self) -> (u8, u64) {
        ((self.0 >> 56) as u8, self.0 & ((1 << 56) - 1))
    }
}

/// Index of a review in [`super::Facts::review`].
pub type ReviewIndex = u32;

/// Seconds that a source gave, to the millisecond; perhaps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given(u32);

impl Given {
    /// What was given.
    pub fn new(seconds: Option<f64>) -> Self {
        // 49 days of talking are no call.
        let millis = |seconds: f64| (seconds * 1e3).round().clamp(0.0, f64::from(u32::MAX - 1)) as u32;
        Self(seconds.map_or(u32::MAX, millis))
    }

    /// Seconds, when some were given.
    pub fn seconds(self) -> Option<f64> {
        (self.0 != u32::MAX).then(|| f64::from(self.0) / 1e3)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Somebody wrote. The id is an agent's: of others nobody asks for it.
    Message {
        actor: ActorKind,
        id: Option<Symbol>,
        public: bool,
        channel: Option<Symbol>,
    },
    /// The status was set.
    Status { status: Status, actor: Option<ActorKind> },
    /// Counts in no figure, whatever its status; or counts again.
    Counts { counts: bool, actor: Option<ActorKind> },
    /// Assigned: no agent means nobody; no queue means the same queue as before.
    Assigned {
        agent: Option<Symbol>,
        queue: Option<Symbol>,
    },
    /// Began to wait, or moved to another queue; no queue means the same as before.
    QueueEntered { queue: Option<Symbol> },
    /// Moved to another queue while it waited.
    QueueMoved { queue: Option<Symbol> },
    /// Taken from the queue; by hand: assigned by somebody, which ends the wait but is no act of the agent's.
    QueueAccepted {
        queue: Option<Symbol>,
        agent: Option<Symbol>,
        by_hand: bool,
    },
    /// The customer gave up waiting.
    QueueLeft,
    /// Automation handed over to people.
    Handoff,
    /// The agent finished the work after the contact.
    WrapUpEnded {
        agent: Option<Symbol>,
        talk: Given,
        hold: Given,
    },
    /// This was promised.
    Promised { policy: Option<Symbol> },
    /// Something that helps was used.
    Applied { workflow: Workflow, id: Symbol },
    /// Is about the same matter as another ticket.
    Linked { to: TicketIndex },
    /// Is not.
    Unlinked { to: TicketIndex },
    /// Was reviewed.
    Reviewed { review: ReviewIndex },
    /// Became part of another ticket.
    Merged { into: TicketIndex },
    /// The merge was undone.
    Unmerged,
    /// A question was sent.
    SurveySent { survey: Survey },
    /// A question was answered.
    Answered {
        survey: Survey,
        solve: u16,
        score: f32,
        agent: Option<Symbol>,
    },
}

/// A step and when it was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// When it happened.
    pub at: Micros,
    /// Position among events of the same instant.
    pub order: Order,
    /// What happened.
    pub step: Step,
}

/// Entries in ascending (at, order); those of one event in the order given.
#[derive(Debug, Default)]
pub struct Timeline {
    entries: Vec<Entry>,
    /// Rises with every change.
    revision: u32,
}

impl Timeline {
    pub(super) fn insert(&mut self, at: Micros, order: Order, step: Step) {
        let place = self
            .entries
            .partition_point(|entry| (entry.at, entry.order) <= (at, order));
        self.entries.insert(place, Entry { at, order, step });
        // Little comes after it, and there are many tickets.
        if matches!(
            step,
            Step::Status {
                status: Status::Solved | Status::Closed,
                ..
            }
        ) {
            self.entries.shrink_to_fit();
        }
        self.revision = self.revision.wrapping_add(1);
    }

    /// Takes a step of that time out again; gives its order.
    pub(super) fn remove(&mut self, at: Micros, step: Step) -> Option<Order> {
        let place = self
            .entries
            .iter()
            .position(|entry| (entry.at, entry.step) == (at, step))?;
        self.revision = self.revision.wrapping_add(1);
        Some(self.entries.remove(place).order)
    }

    /// Everything that is known to happen.
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// What had happened by `as_of`, that instant included.
    pub fn until(&self, as_of: Micros) -> &[Entry] {
        let end = self.entries.partition_point(|entry| entry.at <= as_of);
        self.entries.get(..end).unwrap_or(&[])
    }

    /// Differs from every earlier one: what was derived from the entries with the same one still holds.
    pub fn revision(&self) -> u32 {
        self.revision
    }
}

impl Keep for Given {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(Self(u32::read(input)?))
    }
}

impl Keep for Timeline {
    fn write(&self, out: &mut Vec<u8>) {
        self.entries.len().write(out);
        let mut before = 0;
        for entry in &self.entries {
            write_after(entry.at, &mut before, out);
            entry.order.write(out);
            entry.step.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let many = usize::read(input)?;
        let mut entries = Vec::with_capacity(many.min(64));
        let mut before = 0;
        for _ in 0..many {
            entries.push(Entry {
                at: read_after(&mut before, input)?,
                order: Keep::read(input)?,
                step: Keep::read(input)?,
            });
        }
        Ok(Self { entries, revision: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_small_because_there_are_many() {
        assert!(size_of::<Entry>() <= 32, "{} bytes", size_of::<Entry>());
    }
}
