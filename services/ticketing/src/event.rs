//! What is told to the world: every change with the resource as it is after it. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::customer::Customer;
use crate::names;
use crate::ticket::{Change, Ticket};
use crate::words::Actor;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique over all tenants.
    pub id: Uuid,
    /// When it happened, by the clock of whoever did it.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// W3C traceparent of the call; empty: none.
    pub trace_parent: String,
    /// What happened.
    pub fact: Fact,
}

/// What happened, to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A customer became known.
    CustomerCreated(Customer),
    /// A customer was changed.
    CustomerUpdated(Customer),
    /// A ticket was changed; the ticket as it is after the whole operation.
    Ticket(Box<Ticket>, Change),
}

impl Fact {
    /// The name of the payload field in the contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CustomerCreated(_) => "customer_created",
            Self::CustomerUpdated(_) => "customer_updated",
            Self::Ticket(_, change) => match change {
                Change::Created => "ticket_created",
                Change::Updated(_) => "ticket_updated",
                Change::StateChanged(_) => "ticket_state_changed",
                Change::Queued => "ticket_queued",
                Change::Assigned(_) => "ticket_assigned",
                Change::Message(_) => "message_created",
                Change::Answered(..) => "survey_answered",
                Change::Merged(_) => "ticket_merged",
                Change::Unmerged(..) => "ticket_unmerged",
                Change::Split(..) => "ticket_split",
                Change::Linked(..) => "ticket_linked",
                Change::Unlinked(..) => "ticket_unlinked",
            },
        }
    }

    /// Resource name of what changed.
    pub fn subject(&self) -> String {
        match self {
            Self::CustomerCreated(customer) | Self::CustomerUpdated(customer) => names::customer(customer.id),
            Self::Ticket(ticket, _) => names::ticket(ticket.id),
        }
    }

    /// Whose key seals what is personal in it: the ticket's, or the customer's.
    pub fn owner(&self) -> Uuid {
        match self {
            Self::CustomerCreated(customer) | Self::CustomerUpdated(customer) => customer.id,
            Self::Ticket(ticket, _) => ticket.id,
        }
    }

    /// When it happened, if the change itself knows better than the clock.
    pub fn occurred_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Ticket(ticket, Change::Created) => ticket.opened_at,
            Self::Ticket(_, Change::Message(message)) => message.occurred_at,
            Self::Ticket(_, Change::Assigned(assignment)) => assignment.accepted_at,
            Self::Ticket(_, Change::Answered(answer, _)) => answer.answered_at,
            _ => now,
        }
    }
}
