//! Ticketing's tickets and events as routing sees them.

use chrono::{DateTime, Utc};
use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::sla_target::Status;

use super::{channel_from, priority_from};
use crate::contact::Ticket;
use crate::decision::What;
use crate::names;
use crate::words::{Channel, Priority};

/// What an event of ticketing's feed says of a ticket.
pub(crate) struct News {
    /// The ticket after it.
    pub ticket: Ticket,
    /// When our offer was accepted, if it is the acceptance of one.
    pub accepted: Option<DateTime<Utc>>,
    /// Since when the ticket had waited until then.
    pub entered: Option<DateTime<Utc>>,
}

/// A ticket of ticketing's list of waiting ones.
pub(crate) fn queued(ticket: &pb::Ticket) -> Option<Ticket> {
    let state = pb::ticket::State::try_from(ticket.state).unwrap_or(pb::ticket::State::Unspecified);
    // Nobody acts on what is marked as spam or deleted, and it takes nobody's slot.
    let counts = matches!(
        ticket.disposition(),
        pb::ticket::Disposition::Unspecified | pb::ticket::Disposition::Normal
    );
    Some(Ticket {
        id: names::ticket(&ticket.name).ok()?,
        number: ticket.number,
        subject: ticket.subject.clone(),
        // A channel or priority newer than we are waits like one that said nothing.
        channel: channel_from(ticket.channel).unwrap_or(Channel::Api),
        priority: priority_from(ticket.priority).unwrap_or(Priority::Normal),
        tier: ticket.tier.clone(),
        queue: if ticket.queue.is_empty() {
            "default".to_owned()
        } else {
            ticket.queue.clone()
        },
        assignee: names::agent(&ticket.assignee).ok(),
        // One that is part of another ticket takes nobody's slot, whatever it will be after an unmerge.
        open: counts
            && matches!(state, pb::ticket::State::New | pb::ticket::State::Open)
            && ticket.merged_into.is_empty(),
        due_at: due_at(ticket),
        sla_at_risk: waited_for(ticket).any(|target| target.at_risk || target.status() == Status::Missed),
        queue_entered_at: ticket.queue_entered_at.as_ref().and_then(from_timestamp),
        generation: ticket.generation,
        asynchronous: ticket.handling() == pb::ticket::Handling::Asynchronous,
    })
}

/// By when it has to be served: the earliest of what somebody set and of what was promised and is still waited for. A
/// promise that was missed already stays the most urgent one until it is kept.
fn due_at(ticket: &pb::Ticket) -> Option<DateTime<Utc>> {
    let promised = waited_for(ticket).filter_map(|target| target.due_at.as_ref());
    promised.chain(&ticket.due_at).filter_map(from_timestamp).min()
}

/// The promises whose clock runs or has run out, and for which somebody still waits. The ticket carries how each one stands, so that
/// its place is the same whether an event or ticketing's list told it.
fn waited_for(ticket: &pb::Ticket) -> impl Iterator<Item = &pb::SlaTarget> {
    let is_waited_for = |target: &&pb::SlaTarget| {
        matches!(target.status(), Status::Running | Status::Missed) && target.ended_at.is_none()
    };
    ticket.sla_targets.iter().filter(is_waited_for)
}

/// What `payload` says of a ticket; `None` when it says nothing that matters to the queues.
pub(crate) fn ticket_news(payload: &pb::event::Payload) -> Option<News> {
    use pb::event::Payload;
    let accepted = match payload {
        Payload::TicketAssigned(assigned) if assigned.source() == pb::ticket_assigned::Source::Routing => {
            Some(assigned)
        }
        _ => None,
    };
    let ticket = match payload {
        Payload::TicketCreated(event) => event.ticket.as_ref(),
        Payload::TicketUpdated(event) => event.ticket.as_ref(),
        Payload::TicketStateChanged(event) => event.ticket.as_ref(),
        Payload::TicketQueued(event) => event.ticket.as_ref(),
        Payload::TicketQueueLeft(event) => event.ticket.as_ref(),
        Payload::CallEventRecorded(event) => event.ticket.as_ref(),
        Payload::TicketAssigned(event) => event.ticket.as_ref(),
        Payload::MessageCreated(event) => event.ticket.as_ref(),
        Payload::TicketDispositionChanged(event) => event.ticket.as_ref(),
        // The source; what a merge does to its target is told by events of the target.
        Payload::TicketMerged(event) => event.ticket.as_ref(),
        Payload::TicketUnmerged(event) => event.ticket.as_ref(),
        Payload::SlaTargetAtRisk(event) => event.ticket.as_ref(),
        Payload::SlaTargetMissed(event) => event.ticket.as_ref(),
        Payload::SlaTargetMet(event) => event.ticket.as_ref(),
        Payload::SlaTargetRevised(event) => event.ticket.as_ref(),
        Payload::SlaRecalculated(event) => event.ticket.as_ref(),
        // Everything else says nothing about what waits: kinds of events will be added.
        _ => None,
    }?;
    let time = |sent: Option<&prost_types::Timestamp>| sent.and_then(from_timestamp);
    queued(ticket).map(|ticket| News {
        ticket,
        accepted: accepted.map(|assigned| time(assigned.accepted_at.as_ref()).unwrap_or_default()),
        entered: accepted.and_then(|assigned| time(assigned.queue_entered_at.as_ref())),
    })
}

/// The wait that a customer gave up, if that is what `payload` says.
pub(crate) fn abandoned(payload: &pb::event::Payload) -> Option<What> {
    let pb::event::Payload::TicketQueueLeft(left) = payload else {
        return None;
    };
    let ticket = queued(left.ticket.as_ref()?)?;
    Some(What::Abandoned {
        ticket: ticket.id,
        queue: ticket.queue,
        channel: ticket.channel,
        queue_entered_at: left.queue_entered_at.as_ref().and_then(from_timestamp)?,
        left_at: left.left_at.as_ref().and_then(from_timestamp)?,
    })
}

#[cfg(test)]
mod tests;
