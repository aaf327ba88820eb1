//! Live channels at the desk: calls, and what is written while nobody is there. Pure.

use super::Desk;
use crate::contact::{Contact, Outcome, Recorded};
use crate::event::Fact;
use crate::ticket::Ticket;
use crate::words::{Actor, ActorKind, CallKind, CallParty};

impl Desk<'_> {
    /// Adds what happened to a call to the ticket of that call, whatever became of it: it is about what was. None: the call has none yet.
    pub(super) fn take_call_event(&mut self, contact: &Contact) -> Option<Recorded> {
        let event = contact.call.as_ref()?;
        let threads = contact
            .reference_keys
            .iter()
            .filter_map(|key| self.known.threads.get(key));
        let thread = threads
            .filter(|thread| {
                self.known
                    .tickets
                    .get(&thread.ticket)
                    .is_some_and(|ticket| !ticket.erased)
            })
            .copied()
            .next()?;
        let mut ticket = self.known.tickets.get(&thread.ticket)?.clone();
        let recorded = Recorded {
            outcome: Outcome::Appended,
            ticket: ticket.id,
            number: ticket.number,
            message: thread.message.or(ticket.last_message)?,
            customer: ticket.customer,
        };
        for change in ticket.call_event(event, self.now) {
            let fact = Fact::Ticket(Box::new(ticket.clone()), change);
            self.happened(fact, actor_of(contact), contact);
        }
        self.changed_tickets.insert(ticket.id);
        self.known.tickets.insert(ticket.id, ticket);
        Some(recorded)
    }
}

/// How a ticket that was just opened for a contact is served.
pub(super) fn begin(ticket: &mut Ticket, contact: &Contact) {
    match contact.call {
        Some(_) => ticket.begin_call(),
        None if contact.asynchronous => ticket.be_answered_later(),
        None => {}
    }
}

/// Who did what a contact brings besides its message: of a call that is whoever the phone system names.
pub(super) fn actor_of(contact: &Contact) -> Actor {
    let Some(event) = &contact.call else {
        return contact.message.actor.clone();
    };
    let customer = ActorKind::Customer == contact.message.actor.kind;
    match (event.kind, event.hung_up_by) {
        (CallKind::Queued, _) | (CallKind::HungUp, Some(CallParty::Customer)) if customer => {
            contact.message.actor.clone()
        }
        (CallKind::HungUp, Some(CallParty::System) | None) => Actor {
            kind: ActorKind::Automation,
            id: contact.key.source.clone(),
        },
        _ if event.agent.is_empty() => Actor {
            kind: ActorKind::Automation,
            id: contact.key.source.clone(),
        },
        _ => Actor {
            kind: ActorKind::Agent,
            id: event.agent.clone(),
        },
    }
}
