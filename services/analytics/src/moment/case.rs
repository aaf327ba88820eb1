//! One ticket as it reads at a moment.

use std::borrow::Cow;

use super::Moment;
use super::stay::{self, Stay};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Entry, Opening, Status, Step, Symbol, Ticket, TicketIndex};
use crate::kpis::Dimensions;

/// A ticket and what its history amounts to.
pub struct Case<'a> {
    moment: &'a Moment<'a>,
    /// Index in the facts.
    pub index: TicketIndex,
    /// Name of the ticket.
    pub id: Option<Symbol>,
    /// How it began.
    pub opening: Opening,
    /// What happened to it up to the moment, merged tickets apart.
    pub steps: &'a [Entry],
}

/// A time at which the ticket became solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solve {
    /// When.
    pub at: Micros,
    /// Who it was assigned to then; None when to nobody.
    pub agent: Option<Symbol>,
    /// The queue it was in then.
    pub queue: Option<Symbol>,
}

/// What the statuses of a ticket amount to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Life {
    /// Every solve, the first is number 1.
    pub solves: Vec<Solve>,
    /// Whether it is solved now. `closed` after a solve leaves it so.
    pub solved: bool,
    /// Whether the last status is `closed`.
    pub closed: bool,
}

impl Life {
    /// Reads the statuses among `steps` of a ticket that was opened in `queue`. A *solve* is `solved` on a
    /// ticket that is not solved; `open`, `pending` and `on_hold` reopen it. Who it was assigned to is read at
    /// each solve.
    pub fn of(mut queue: Option<Symbol>, steps: &[Entry]) -> Self {
        let mut life = Self::default();
        let mut agent = None;
        for entry in steps {
            match entry.step {
                Step::Assigned {
                    agent: to,
                    queue: named,
                } => {
                    agent = to;
                    queue = named.or(queue);
                }
                Step::Status { status, .. } => {
                    match status {
                        Status::Solved if !life.solved => {
                            life.solves.push(Solve {
                                at: entry.at,
                                agent,
                                queue,
                            });
                            life.solved = true;
                        }
                        Status::New | Status::Open | Status::Pending | Status::OnHold => {
                            life.solved = false;
                        }
                        Status::Solved | Status::Closed | Status::Spam | Status::Deleted => {}
                    }
                    life.closed = status == Status::Closed;
                }
                _ => {}
            }
        }
        life
    }

    /// Whether nothing more is to be expected: solved or closed.
    pub fn over(&self) -> bool {
        self.solved || self.closed
    }

    /// The solve that counts: the last one, if the ticket is solved now.
    pub fn standing_solve(&self) -> Option<Solve> {
        self.solves.last().copied().filter(|_| self.solved)
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(moment: &'a Moment<'a>, index: TicketIndex, ticket: &'a Ticket, opening: Opening) -> Self {
        let steps = ticket.timeline.until(moment.as_of);
        Self {
            moment,
            index,
            id: ticket.id,
            opening,
            steps,
        }
    }

    /// Whether it is merged into another ticket now.
    pub fn merged(&self) -> bool {
        self.moment.target.contains_key(&self.index)
    }

    /// The dimensions of the ticket at its opening. No agent: that is whoever did what is being counted.
    pub fn dimensions(&self) -> Dimensions {
        let opening = &self.opening;
        Dimensions {
            channel: opening.channel,
            tier: opening.tier.or_else(|| self.moment.tier(opening.customer, opening.at)),
            priority: opening.priority,
            queue: opening.queue,
            customer: self.moment.customer(opening.customer),
            agent: None,
            team: None,
        }
    }

    /// As [`Case::dimensions`], with the agent who did the thing at `at` and that agent's team then.
    pub fn dimensions_by(&self, agent: Option<Symbol>, at: Micros) -> Dimensions {
        let team = self.moment.team(agent, at);
        Dimensions {
            agent,
            team,
            ..self.dimensions()
        }
    }

    /// What the statuses amount to.
    pub fn life(&self) -> Life {
        Life::of(self.opening.queue, self.steps)
    }

    /// All messages and handoffs of it and of everything merged into it, by time; other steps may be
    /// among them and mean nothing here.
    pub fn conversation(&self) -> Cow<'a, [Entry]> {
        let Some(sources) = self.moment.sources.get(&self.index) else {
            return Cow::Borrowed(self.steps);
        };
        let mut entries = self.steps.to_vec();
        for source in sources {
            if let Some(ticket) = self.moment.facts.tickets().get(*source as usize) {
                let until = ticket.timeline.until(self.moment.as_of);
                entries.extend(
                    until
                        .iter()
                        .filter(|entry| matches!(entry.step, Step::Message { .. } | Step::Handoff)),
                );
            }
        }
        entries.sort_by_key(|entry| (entry.at, entry.order));
        Cow::Owned(entries)
    }

    /// Whether an agent handled it: wrote any message (a note too), set a status, accepted it from a queue or
    /// wrapped it up. Being assigned is not handling.
    pub fn handled_by_agent(&self) -> bool {
        self.conversation().iter().any(|entry| match entry.step {
            Step::Message { actor, .. } => actor == ActorKind::Agent,
            Step::Status { actor, .. } | Step::Counts { actor, .. } => actor == Some(ActorKind::Agent),
            Step::QueueAccepted { by_hand, .. } => !by_hand,
            Step::WrapUpEnded { .. } => true,
            _ => false,
        })
    }

    /// Its waits in queues. One that still lasts on a merged ticket is left out.
    pub fn stays(&self) -> Vec<Stay> {
        let mut stays = stay::stays(self.steps);
        if self.merged() {
            stays.retain(|stay| stay.end != stay::End::Waiting);
        }
        stays
    }
}
