//! Live channels at the desk: calls, and what is written while nobody is there. Pure.

use uuid::Uuid;

use super::{Desk, Thread};
use crate::contact::{Contact, Outcome, Recorded};
use crate::customer::Identity;
use crate::event::Fact;
use crate::ticket::{Knowing, Ticket};
use crate::words::{Actor, ActorKind, CallKind, CallParty, IdentityKind};

/// Begins the identity that ingestion gives to callers of whom nothing is known.
const NAMELESS: &str = "call:";

impl Desk<'_> {
    /// Where the ticket of a call is, if it has one.
    fn call_of(&self, contact: &Contact) -> Option<Thread> {
        let threads = contact
            .reference_keys
            .iter()
            .filter_map(|key| self.known.threads.get(key));
        threads
            .filter(|thread| {
                self.known
                    .tickets
                    .get(&thread.ticket)
                    .is_some_and(|ticket| !ticket.erased)
            })
            .copied()
            .next()
    }

    /// The customer who was made for the caller of a call as long as nothing was known of them: whoever is named now, and unknown, is that one.
    pub(super) fn nameless_caller(&self, contact: &Contact) -> Option<Uuid> {
        contact.call.as_ref()?;
        let ticket = self.known.tickets.get(&self.call_of(contact)?.ticket)?;
        let nameless = ticket.call.as_ref()?.known == Knowing::Nothing;
        let is_there = self.known.customers.contains_key(&ticket.customer);
        (nameless && is_there).then_some(ticket.customer)
    }

    /// Adds what happened to a call to the ticket of that call, whatever became of it: it is about what was. Whose ticket it is is corrected by
    /// who knows better. None: the call has none yet.
    pub(super) fn take_call_event(&mut self, contact: &Contact, customer: Uuid) -> Option<Recorded> {
        let event = contact.call.as_ref()?;
        let thread = self.call_of(contact)?;
        let mut ticket = self.known.tickets.get(&thread.ticket)?.clone();
        let mut changes = Vec::new();
        if ticket.caller_is(customer, knowing(contact), self.now, &mut changes) {
            self.written.given.insert(ticket.id, customer);
        }
        let recorded = Recorded {
            outcome: Outcome::Appended,
            ticket: ticket.id,
            number: ticket.number,
            message: thread.message.or(ticket.last_message)?,
            customer: ticket.customer,
        };
        changes.extend(ticket.call_event(event, self.now));
        for change in changes {
            let fact = Fact::Ticket(Box::new(ticket.clone()), change);
            self.happened(fact, actor_of(contact), contact);
        }
        self.changed_tickets.insert(ticket.id);
        self.known.tickets.insert(ticket.id, ticket);
        Some(recorded)
    }
}

/// How much a contact knows of who calls.
fn knowing(contact: &Contact) -> Knowing {
    let nameless = |identity: &Identity| {
        !identity.verified && identity.kind == IdentityKind::External && identity.value.starts_with(NAMELESS)
    };
    match &contact.identities {
        all if all.iter().any(|identity| identity.verified) => Knowing::Vouched,
        all if all.iter().all(nameless) => Knowing::Nothing,
        _ => Knowing::Told,
    }
}

/// How a ticket that was just opened for a contact is served.
pub(super) fn begin(ticket: &mut Ticket, contact: &Contact) {
    match contact.call {
        Some(_) => ticket.begin_call(knowing(contact)),
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
