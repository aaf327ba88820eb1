//! All automations that something sets off, on one ticket.

use uuid::Uuid;

use super::decide::{Decided, Guard, Run, SetOff, Setting, decide};
use super::trigger::Outcome;
use crate::ticket::{Change, Ticket};

/// What one of them did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What happened to the ticket.
    pub changes: Vec<Change>,
    /// Messages to the customer.
    pub replies: u64,
    /// What is recorded.
    pub run: Run,
}

/// Lets those that were set off, in their order, do what they do to the ticket; each sees it as those before it left it.
/// `told` are those of which it was told within the hour that they were stopped or failed: that is not told again.
pub fn take_turn(
    set_off: &[SetOff<'_>],
    ticket: &mut Ticket,
    mut guard: Guard,
    told: &[Uuid],
    setting: &Setting<'_>,
) -> Vec<Taken> {
    let mut taken = Vec::new();
    for one in set_off {
        let Decided::Run(done) = decide(one, ticket, &guard, setting) else {
            continue;
        };
        let done = *done;
        if done.run.outcome != Outcome::Applied && told.contains(&done.run.automation) {
            continue;
        }
        let replies = Run::replies(&done.changes);
        if done.run.outcome == Outcome::Applied {
            guard.runs += 1;
            guard.replies += replies;
        }
        *ticket = done.ticket;
        taken.push(Taken {
            changes: done.changes,
            replies,
            run: done.run,
        });
    }
    taken
}
