//! Statuses and assignments of one ticket (D6, D16, D29).

use super::{Holder, Level, Life, LifeChange, Solve, Took};
use crate::buckets::Micros;
use crate::facts::{Entry, Order, Status, Step, Symbol};

/// Who had a ticket where, over time.
pub struct Holders {
    first: Holder,
    changes: Vec<(Micros, Order, Holder)>,
}

impl Holders {
    /// Reads the assignments among `steps` of a ticket that was opened in `queue`.
    pub fn of(queue: Option<Symbol>, steps: &[Entry]) -> Self {
        let first = Holder { agent: None, queue };
        let mut now = first;
        let mut changes = Vec::new();
        for entry in steps {
            if let Step::Assigned { agent, queue } = entry.step {
                now = Holder {
                    agent,
                    queue: queue.or(now.queue),
                };
                changes.push((entry.at, entry.order, now));
            }
        }
        Self { first, changes }
    }

    /// Before what comes at this place, and with what comes at exactly this place.
    pub fn before(&self, at: Micros, order: Order) -> Holder {
        let end = self.changes.partition_point(|(a, o, _)| (*a, *o) <= (at, order));
        self.nth(end)
    }

    /// After everything up to and including `at`.
    pub fn at(&self, at: Micros) -> Holder {
        let end = self.changes.partition_point(|(a, _, _)| *a <= at);
        self.nth(end)
    }

    fn nth(&self, end: usize) -> Holder {
        let last = end.checked_sub(1).and_then(|place| self.changes.get(place));
        last.map_or(self.first, |(_, _, holder)| *holder)
    }
}

/// Times of transfers: a line that names another queue than the ticket was in, or another agent than the last one named
/// since it came into this queue (D29).
pub fn transfers(mut queue: Option<Symbol>, steps: &[Entry]) -> Vec<Micros> {
    let mut last = None;
    let mut transfers = Vec::new();
    for entry in steps {
        let Step::Assigned { agent, queue: to } = entry.step else {
            continue;
        };
        let moved = queue.is_some() && to.is_some() && to != queue;
        if moved {
            last = None;
        }
        queue = to.or(queue);
        let taken_over = agent.is_some() && last.is_some() && agent != last;
        last = agent.or(last);
        if moved || taken_over {
            transfers.push(entry.at);
        }
    }
    transfers
}

/// Reads the statuses among `steps` of a ticket opened at `opened_at`. A *solve* is `solved` on a ticket that is not
/// solved; `open`, `pending` and `on_hold` reopen it.
pub fn life(opened_at: Micros, steps: &[Entry], holders: &Holders, took: &dyn Fn(Micros, Micros) -> Took) -> Life {
    let mut life = Life::default();
    let (mut status, mut since) = (Status::New, opened_at);
    // What counts only until a solve comes.
    let (mut work, mut on_hold) = (Sum::default(), Sum::default());
    let (mut counts, mut level) = (true, Some((opened_at, holders.first)));
    for entry in steps {
        match entry.step {
            Step::Status { status: next, .. } => {
                let spell = took(since, entry.at);
                match status {
                    Status::New | Status::Open => work.add(spell),
                    Status::OnHold => on_hold.add(spell),
                    _ => {}
                }
                (status, since) = (next, entry.at);
                let before = (life.over(), life.solved);
                match next {
                    Status::Solved if !life.solved => {
                        life.solves.push(Solve {
                            at: entry.at,
                            by: holders.before(entry.at, entry.order),
                            took: took(opened_at, entry.at),
                            reopened: false,
                        });
                        life.solved = true;
                        (life.work, life.on_hold) = (work.taken(took), on_hold.taken(took));
                    }
                    Status::New | Status::Open | Status::Pending | Status::OnHold => {
                        if let Some(solve) = life.solves.last_mut().filter(|_| life.solved) {
                            solve.reopened = true;
                        }
                        life.solved = false;
                    }
                    Status::Solved | Status::Closed | Status::Spam | Status::Deleted => {}
                }
                life.closed = next == Status::Closed;
                if before != (life.over(), life.solved) {
                    life.turns.push(LifeChange {
                        at: entry.at,
                        order: entry.order,
                        over: life.over(),
                        solved: life.solved,
                    });
                }
            }
            Step::Counts { counts: now, .. } => counts = now,
            Step::Assigned { .. } => {}
            _ => continue,
        }
        let out = matches!(status, Status::Spam | Status::Deleted) || !counts;
        let open = (!life.over() && !out).then(|| holders.before(entry.at, entry.order));
        if level.map(|(_, by)| by) != open {
            if let Some((from, by)) = level {
                life.backlog.push(Level { from, to: entry.at, by });
            }
            level = open.map(|by| (entry.at, by));
        }
    }
    if let Some((from, by)) = level {
        life.backlog.push(Level {
            from,
            to: Micros::MAX,
            by,
        });
    }
    // Of one instant only what came of it in the end counts.
    life.backlog.retain(|level| level.from < level.to);
    life
}

impl Life {
    fn over(&self) -> bool {
        self.solved || self.closed
    }
}

/// A sum of spells.
#[derive(Default)]
struct Sum {
    elapsed: Micros,
    business: Micros,
}

impl Sum {
    fn add(&mut self, spell: Took) {
        self.elapsed += spell.elapsed;
        self.business += spell.business.unwrap_or(0);
    }

    /// The sum so far, with a business value only for a ticket that has a calendar.
    fn taken(&self, took: &dyn Fn(Micros, Micros) -> Took) -> Took {
        Took {
            elapsed: self.elapsed,
            business: took(0, 0).business.map(|_| self.business),
        }
    }
}
