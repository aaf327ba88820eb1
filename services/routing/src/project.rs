//! What a ticket's state means for the queues. Pure: the same ticket and policy always give the same operation.

use chrono::{DateTime, Utc};
use vorrang_queue::{Lane, Operation, Place, Waiting};

use crate::contact::{Contact, Ticket};
use crate::policy::Policy;

/// The lane of a ticket: its queue and the channel as which it is served.
pub(crate) fn lane(ticket: &Ticket) -> Lane {
    Lane::new(&ticket.queue, ticket.served_as().word())
}

/// The contact that `ticket` is, or was, while it waits since `entered` in this generation.
pub(crate) fn contact(policy: &Policy, ticket: &Ticket, entered: DateTime<Utc>, generation: i64) -> Contact {
    let standing = policy.standing(ticket, entered);
    Contact {
        ticket: ticket.id.clone(),
        number: ticket.number,
        queue: ticket.queue.clone(),
        channel: ticket.channel,
        tier: ticket.tier.clone(),
        priority: ticket.priority,
        class: standing.class,
        rank: standing.rank,
        due_at: standing.due_at,
        queue_entered_at: entered,
        generation,
        subject: ticket.subject.clone(),
        asynchronous: ticket.asynchronous,
    }
}

/// What is true of `ticket` after the event at `seq`, for the queues. `accepted` says that the event is an agent's acceptance of our
/// offer, which takes a slot of theirs; an assignment by hand does not. `trace` is the event's trace context.
pub(crate) fn operation(policy: &Policy, seq: i64, ticket: &Ticket, accepted: bool, trace: &str) -> Operation {
    match ticket.queue_entered_at {
        Some(entered) if ticket.assignee.is_none() => {
            let contact = contact(policy, ticket, entered, ticket.generation);
            let place = Place {
                class: contact.rank,
                due_ms: contact.due_at.timestamp_millis(),
                arrival_us: entered.timestamp_micros(),
            };
            Operation::Wait {
                seq,
                ticket: ticket.id.clone(),
                generation: ticket.generation,
                waiting: Waiting {
                    lane: lane(ticket),
                    place,
                    trace: trace.to_owned(),
                    data: serde_json::to_vec(&contact).expect("plain values"),
                },
            }
        }
        _ => Operation::Leave {
            seq,
            ticket: ticket.id.clone(),
            generation: ticket.generation,
            // Once it is the customer's turn, or solved, it takes nobody's slot.
            agent: ticket.assignee.clone().filter(|_| ticket.open),
            slot: accepted.then(|| ticket.served_as().word().to_owned()),
        },
    }
}

#[cfg(test)]
mod tests;
