//! Becoming part of another ticket, and becoming one of its own again.
//!
//! A merge moves nothing: messages, keys and everything else stay with the source, whose `merged_into` leads to where its
//! conversation is. Merges chain, so the conversation of a ticket is its own messages and those of everything that leads
//! to it. What a ticket counts as while it is merged is for whoever reads it; the ticket keeps what it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use super::{Change, Ticket};
use crate::conversation::Conversation;
use crate::names;
use crate::state::Trigger;

/// Tickets of one conversation, so that reading it whole stays possible.
pub const TOGETHER_MAX: usize = 1_000;
/// Merges from a ticket to the last one of its chain.
pub const CHAIN_MAX: usize = 20;

/// Tickets that a merge concerns, by id: the sources, the targets and everything the targets lead to.
pub type Family = BTreeMap<Uuid, Ticket>;

impl Ticket {
    /// Refuses what is meant for a ticket of its own.
    ///
    /// # Errors
    /// Precondition `TICKET_MERGED`. The store adds the ticket to go to.
    pub fn check_own(&self) -> Result<(), Error> {
        match self.merged_into {
            None => Ok(()),
            Some(target) => Err(Error::precondition(
                "TICKET_MERGED",
                "the ticket is part of another one; go to that one instead",
            )
            .with("merged_into", names::ticket(target))),
        }
    }

    /// Refuses to change what is final.
    ///
    /// # Errors
    /// Precondition `TICKET_CLOSED`.
    pub(super) fn check_not_closed(&self) -> Result<(), Error> {
        self.standing()
            .after(Trigger::Noted)
            .map(drop)
            .map_err(|error| error.with("ticket", names::ticket(self.id)))
    }

    /// Refuses to lead from somebody's words to those of whoever was erased.
    ///
    /// # Errors
    /// Precondition `ERASED`.
    pub(super) fn check_not_erased(&self) -> Result<(), Error> {
        if self.erased {
            return Err(Error::precondition(
                "ERASED",
                "the texts of the ticket were erased; nothing can join or leave it",
            )
            .with("ticket", names::ticket(self.id)));
        }
        Ok(())
    }

    /// Leaves the queue and becomes part of `target`.
    fn join(&mut self, target: Uuid, now: DateTime<Utc>) {
        self.kept_wait = self.queue_entered_at.take();
        self.merged_into = Some(target);
        self.generation += 1;
        self.touch(now);
    }

    /// Becomes one of its own again, as it was. Gives the ticket it was merged into.
    ///
    /// # Errors
    /// Precondition `NOT_MERGED`.
    pub fn leave(&mut self, now: DateTime<Utc>) -> Result<Uuid, Error> {
        let target = self.merged_into.take().ok_or_else(|| {
            Error::precondition("NOT_MERGED", "the ticket is one of its own; there is no merge to undo")
        })?;
        self.queue_entered_at = self.kept_wait.take();
        self.generation += 1;
        self.touch(now);
        Ok(target)
    }

    /// Takes over what its conversation is, when it is read anew.
    pub fn resume(&mut self, conversation: &Conversation) {
        self.contacted_at = conversation.contacted_at();
        self.first_replied_at = conversation.first_replied_at();
    }

    /// Takes over what its conversation is from now on, since another ticket joined or left it.
    /// `wakes`: what joined needs work, so this one does too.
    pub fn hear(&mut self, conversation: &Conversation, wakes: bool, now: DateTime<Utc>) -> Vec<Change> {
        self.resume(conversation);
        let mut changes = Vec::new();
        if wakes
            && !self.state.needs_work()
            && let Ok(next) = self.standing().after(Trigger::CustomerWrote)
        {
            let (next, sub_state) = (next.state, next.sub_state.map(str::to_owned));
            self.stand(next, sub_state, now, &mut changes);
        }
        self.touch(now);
        changes
    }
}

/// The last ticket of the chain that begins with `id`.
///
/// # Errors
/// Internal when a ticket of the chain is not in the family.
pub fn last_of(family: &Family, id: Uuid) -> Result<Uuid, Error> {
    let mut last = id;
    // No chain is longer than the family: a circle, which is never made, would not hang anybody.
    for _ in 0..=family.len() {
        match ticket(family, last)?.merged_into {
            Some(next) => last = next,
            None => return Ok(last),
        }
    }
    Err(Error::internal("merged tickets lead in a circle"))
}

/// What a merge did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// Sources that joined now, in the order given; those that were there already are left out.
    pub joined: Vec<Uuid>,
    /// Of those that had been part of another ticket: the ticket whose conversation they left, and the one they had been merged
    /// into.
    pub left: BTreeMap<Uuid, (Uuid, Uuid)>,
    /// Whether one of those that joined needs work.
    pub wakes: bool,
}

/// Makes `sources` part of `target`. The conversations are for the caller to read again.
///
/// # Errors
/// Precondition, as the contract names them; then the family is not to be used any more.
pub fn merge(
    family: &mut Family,
    target: Uuid,
    sources: &[Uuid],
    across_customers: bool,
    now: DateTime<Utc>,
) -> Result<Merge, Error> {
    let mut merge = Merge::default();
    let into = ticket(family, target)?;
    into.check_not_erased()?;
    into.check_in_use()?;
    let customer = into.customer;
    for id in sources {
        let source = ticket(family, *id)?;
        if *id == target {
            return Err(Error::precondition(
                "MERGE_INTO_ITSELF",
                "a ticket cannot become part of itself",
            ));
        }
        source.check_not_closed()?;
        source.check_not_erased()?;
        source.check_in_use()?;
        if source.customer != customer && !across_customers {
            return Err(different_customers(source, customer));
        }
        if leads_to(family, target, *id)? {
            return Err(Error::precondition(
                "MERGE_CIRCLE",
                "the target is part of the source already; unmerge it first",
            )
            .with("source", names::ticket(*id)));
        }
        if source.merged_into == Some(target) {
            continue;
        }
        // What only machines wrote waits for nobody's answer, and wakes nothing: as a message of theirs would not.
        let is_asked = !source.automated || source.contacted_at.is_some();
        let needs_work = source.state.needs_work() && is_asked;
        if source.merged_into.is_some() {
            let before = last_of(family, *id)?;
            let source = ticket_mut(family, *id)?;
            let direct = source.leave(now)?;
            merge.left.insert(*id, (before, direct));
        }
        ticket_mut(family, *id)?.join(target, now);
        merge.joined.push(*id);
        merge.wakes |= needs_work;
    }
    let end = ticket(family, last_of(family, target)?)?;
    end.check_not_closed()?;
    end.check_not_erased()?;
    end.check_in_use()?;
    Ok(merge)
}

/// Whether the chain that begins with `from` comes by `id`.
fn leads_to(family: &Family, from: Uuid, id: Uuid) -> Result<bool, Error> {
    let mut at = from;
    for _ in 0..=family.len() {
        if at == id {
            return Ok(true);
        }
        match ticket(family, at)?.merged_into {
            Some(next) => at = next,
            None => return Ok(false),
        }
    }
    Err(Error::internal("merged tickets lead in a circle"))
}

fn different_customers(source: &Ticket, customer: Uuid) -> Error {
    Error::precondition(
        "DIFFERENT_CUSTOMERS",
        "the tickets are of different customers; set across_customers when that is meant",
    )
    .with("source", names::ticket(source.id))
    .with("source_customer", names::customer(source.customer))
    .with("target_customer", names::customer(customer))
}

/// More than one conversation is to hold.
pub fn too_large() -> Error {
    Error::precondition(
        "MERGE_TOO_LARGE",
        format!("at most {TOGETHER_MAX} tickets can be merged into one, and at most {CHAIN_MAX} one into the next"),
    )
}

fn ticket(family: &Family, id: Uuid) -> Result<&Ticket, Error> {
    family.get(&id).ok_or_else(missing)
}

fn ticket_mut(family: &mut Family, id: Uuid) -> Result<&mut Ticket, Error> {
    family.get_mut(&id).ok_or_else(missing)
}

fn missing() -> Error {
    Error::internal("a ticket that a merge concerns was not read")
}

#[cfg(test)]
mod tests;
