//! Waiting in a queue.

use crate::buckets::Micros;
use crate::facts::{Entry, Status, Step, Symbol};

/// One wait: from entering a queue until an agent accepted or the customer left. Moving to another queue
/// meanwhile belongs to the same wait, which then counts for the last queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// When the wait began.
    pub entered_at: Micros,
    /// The queue it counts for.
    pub queue: Option<Symbol>,
    /// How it ended.
    pub end: End,
}

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// An agent took the contact.
    Accepted { at: Micros, agent: Option<Symbol> },
    /// The customer gave up.
    Left { at: Micros },
    /// Not yet.
    Waiting,
}

/// The stays in a ticket's `steps`, in time order.
///
/// A stay that ends because the ticket was solved, closed or thrown out is in no figure and left out; accepting without
/// having entered is no stay.
pub(super) fn stays(steps: &[Entry]) -> Vec<Stay> {
    let mut stays = Vec::new();
    let mut waiting: Option<(Micros, Option<Symbol>)> = None;
    for entry in steps {
        match entry.step {
            Step::QueueEntered { queue } => {
                let (entered_at, before) = waiting.unwrap_or((entry.at, None));
                waiting = Some((entered_at, queue.or(before)));
            }
            Step::QueueAccepted {
                queue: named, agent, ..
            } => {
                if let Some((entered_at, queue)) = waiting.take() {
                    let end = End::Accepted { at: entry.at, agent };
                    stays.push(Stay {
                        entered_at,
                        queue: queue.or(named),
                        end,
                    });
                }
            }
            Step::QueueLeft => {
                if let Some((entered_at, queue)) = waiting.take() {
                    stays.push(Stay {
                        entered_at,
                        queue,
                        end: End::Left { at: entry.at },
                    });
                }
            }
            Step::Status {
                status: Status::Solved | Status::Closed,
                ..
            }
            // It leaves its queue, and waits anew when it counts again.
            | Step::Counts { counts: false, .. } => waiting = None,
            _ => {}
        }
    }
    if let Some((entered_at, queue)) = waiting {
        stays.push(Stay {
            entered_at,
            queue,
            end: End::Waiting,
        });
    }
    stays
}
