//! Waiting in queues and working on contacts (D26, D28, D56).

use super::life::Holders;
use super::{Holder, Stay, StayEnd, Took, WrapUp};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Entry, Order, Status, Step, Symbol};

/// Leaving a queue within this time counts as never having come.
const SHORT: Micros = 5_000_000;

/// The stays in a ticket's `steps`, in time order.
///
/// A stay that ends because the ticket was solved, closed or thrown out is in no figure and left out; accepting without
/// having entered is no stay.
pub fn stays(steps: &[Entry], took: &dyn Fn(Micros, Micros) -> Took) -> Vec<Stay> {
    let mut stays = Vec::new();
    let mut waiting: Option<(Micros, Option<Symbol>)> = None;
    for entry in steps {
        match entry.step {
            Step::QueueEntered { queue } => {
                let (entered_at, before) = waiting.unwrap_or((entry.at, None));
                waiting = Some((entered_at, queue.or(before)));
            }
            // Whoever had left before it, although that was told later, is not moved any more.
            Step::QueueMoved { queue } => {
                waiting = waiting.map(|(entered_at, before)| (entered_at, queue.or(before)));
            }
            Step::QueueAccepted {
                queue: named, agent, ..
            } => {
                if let Some((entered_at, queue)) = waiting.take() {
                    let at = entry.at;
                    let took = took(entered_at, at);
                    stays.push(Stay {
                        entered_at,
                        queue: queue.or(named),
                        end: StayEnd::Accepted { at, took, agent },
                    });
                }
            }
            Step::QueueLeft => {
                if let Some((entered_at, queue)) = waiting.take() {
                    let at = entry.at;
                    let short = at - entered_at <= SHORT;
                    stays.push(Stay {
                        entered_at,
                        queue,
                        end: StayEnd::Left { at, short },
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
            end: StayEnd::Waiting,
        });
    }
    stays
}

/// Ended wrap-ups, and accepts that have none yet.
pub fn wrap_ups(
    steps: &[Entry],
    holders: &Holders,
    took: &dyn Fn(Micros, Micros) -> Took,
) -> (Vec<WrapUp>, Vec<(Micros, Holder)>) {
    let mut ended = Vec::new();
    let mut accepted: Vec<(Micros, Holder)> = Vec::new();
    for entry in steps {
        let queue = holders.before(entry.at, entry.order).queue;
        match entry.step {
            // Given by somebody it is the agent's all the same: the work that ends with the wrap-up began then.
            Step::QueueAccepted { agent, .. } => accepted.push((entry.at, Holder { agent, queue })),
            Step::WrapUpEnded { agent, talk, hold } => {
                let by_them = |(_, by): &(Micros, Holder)| by.agent == agent || by.agent.is_none();
                let begun = accepted.iter().rposition(by_them).map(|place| accepted.remove(place));
                ended.push(WrapUp {
                    at: entry.at,
                    by: Holder { agent, queue },
                    took: begun.map(|(begun, _)| took(begun, entry.at)),
                    talk: talk.seconds(),
                    hold: hold.seconds(),
                });
            }
            _ => {}
        }
    }
    (ended, accepted)
}

/// Whether an agent handled it: wrote any message (a note too), set a status, accepted it from a queue or wrapped it
/// up. Being assigned is not handling.
pub fn handled(conversation: &[Entry]) -> bool {
    conversation.iter().any(|entry| match entry.step {
        Step::Message { actor, .. } => actor == ActorKind::Agent,
        Step::Status { actor, .. } | Step::Counts { actor, .. } => actor == Some(ActorKind::Agent),
        Step::QueueAccepted { by_hand, .. } => !by_hand,
        Step::WrapUpEnded { .. } => true,
        _ => false,
    })
}

/// Whether the customer ended a ticket that has no solve: closed it, or left its queue for good and heard nothing more.
/// None for one that consists of short abandons only.
pub fn given_up(steps: &[Entry], stays: &[Stay], conversation: &[Entry], solved: bool) -> Option<bool> {
    let left = |stay: &Stay| match stay.end {
        StayEnd::Left { at, short } => Some((at, short)),
        StayEnd::Accepted { .. } | StayEnd::Waiting => None,
    };
    // Among things of one instant their order decides what came after.
    let said_after = |left: (Micros, Order)| {
        conversation.iter().any(|entry| match entry.step {
            Step::Message { actor, .. } => actor == ActorKind::Customer && (entry.at, entry.order) > left,
            _ => false,
        })
    };
    let is_reply = |entry: &&Entry| {
        matches!(
            entry.step,
            Step::Message {
                actor: ActorKind::Agent,
                public: true,
                ..
            }
        )
    };
    let all_short = !stays.is_empty() && stays.iter().all(|stay| left(stay).is_some_and(|(_, short)| short));
    let last_left = stays.last().and_then(left).map(|(at, _)| {
        let leaving = steps
            .iter()
            .rev()
            .find(|entry| entry.at == at && entry.step == Step::QueueLeft);
        (at, leaving.map_or_else(Order::default, |entry| entry.order))
    });
    if let Some(left) = last_left.filter(|_| all_short)
        && !conversation.iter().any(|entry| is_reply(&entry))
        && !said_after(left)
    {
        return None;
    }
    if solved {
        return Some(false);
    }
    let closed_by_customer = steps.iter().rev().find_map(|entry| match entry.step {
        Step::Status { status, actor } => Some(status == Status::Closed && actor == Some(ActorKind::Customer)),
        _ => None,
    });
    let abandoned = last_left.is_some_and(|last| {
        let not_short = stays.iter().filter_map(left).any(|(_, short)| !short);
        let replied = |entry: &Entry| is_reply(&entry) && (entry.at, entry.order) > last;
        not_short && !conversation.iter().any(replied)
    });
    Some(closed_by_customer == Some(true) || abandoned)
}
