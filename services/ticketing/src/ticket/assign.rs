//! Who has a ticket: by hand, from the queue, or from a phone system. Pure.

use chrono::{DateTime, Utc};
use vorrang_error::Error;

use super::{Assignment, Change, Ticket, replace};
use crate::state::Trigger;
use crate::words::AssignSource;

impl Ticket {
    /// Assigns by hand, or gives back to the queue when `agent` is none; `queue` moves it. Beats every claim that is under
    /// way, since the generation rises.
    pub fn assign(
        &mut self,
        agent: Option<&str>,
        queue: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        self.check_own()?;
        self.check_in_use()?;
        self.standing().after(Trigger::Assigned)?;
        let moved = queue.is_some_and(|queue| replace(&mut self.queue, &queue.to_owned()));
        let mut changes: Vec<Change> = moved.then(|| Change::Updated(vec!["queue"])).into_iter().collect();
        match agent {
            Some(agent) if self.assignee.as_deref() != Some(agent) => {
                self.give_to(agent, AssignSource::Manual, now, &mut changes);
            }
            Some(_) => {}
            None => {
                let waited = self.queue_entered_at.is_some();
                let given_back = self.assignee.take().is_some();
                self.settle_queue(now, &mut changes);
                if waited && moved {
                    self.generation += 1;
                    changes.push(Change::Queued);
                } else if given_back && self.queue_entered_at.is_none() {
                    // It waits for the customer or a third party: nobody has to act, so it enters no queue yet.
                    changes.push(Change::Updated(vec!["assignee"]));
                }
            }
        }
        if !changes.is_empty() {
            self.touch(now);
        }
        Ok(changes)
    }

    /// Gives a waiting ticket to the agent who accepted it.
    ///
    /// # Errors
    /// Conflict `GENERATION_CHANGED` when it is not the ticket any more that was offered: the offer is void.
    pub fn accept(
        &mut self,
        agent: &str,
        generation: i64,
        accepted_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        if self.generation != generation || self.queue_entered_at.is_none() {
            return Err(Error::conflict(
                "GENERATION_CHANGED",
                "the ticket is not waiting any more as it was offered",
            )
            .with("offered", generation.to_string())
            .with("generation", self.generation.to_string())
            .with(
                "waits",
                if self.queue_entered_at.is_some() {
                    "true"
                } else {
                    "false"
                },
            ));
        }
        let mut changes = Vec::new();
        self.give_to(agent, AssignSource::Routing, accepted_at.min(now), &mut changes);
        self.touch(now);
        Ok(changes)
    }

    /// Gives it to somebody, which ends its wait.
    pub(super) fn give_to(&mut self, agent: &str, source: AssignSource, at: DateTime<Utc>, changes: &mut Vec<Change>) {
        let queue_entered_at = self.queue_entered_at.take();
        changes.push(Change::Assigned(Assignment {
            source,
            previous: self.assignee.replace(agent.to_owned()),
            queue_entered_at,
            accepted_at: queue_entered_at.map_or(at, |entered| at.max(entered)),
        }));
        self.generation += 1;
    }
}
