//! The desk: takes contacts in order and decides what becomes of each. Pure: works on what was read before and collects
//! what is to be written after, so that any number of contacts costs one transaction.
//!
//! A contact is
//! - a DUPLICATE when its key was seen before;
//! - APPENDED when one of its reference keys, the best first, leads to a ticket that is not over; a solved one is
//!   reopened, unless a machine wrote; one that is marked as spam stays out of the queue;
//! - CREATED otherwise; when only tickets were found that are over (closed or deleted), the new one follows up the best of
//!   them, and takes over the key that led there, so that the next reply to the old conversation joins the follow-up. Both
//!   are linked.
//!
//! A ticket number or a Message-ID alone leads nobody into a conversation in which they have no part, not even a machine: anybody can
//! say that they are one. Whoever names somebody else's mail gets a ticket of their own that is linked to it, so that people can merge
//! the two. A mail's keys stay where they lead: who sends a Message-ID once more takes nobody's answers away.
//!
//! A key that leads to a merged ticket leads on to the ticket whose conversation that is now. The key itself stays where it
//! was, or remembers its home where a follow-up takes it over: after an unmerge it leads to its ticket again.
//!
//! Who wrote is found by the first verified identity that is known, else by the first that is known. What belongs to
//! somebody else stays theirs, and the pair is noted as a suggestion.
//!
//! Later contacts of a batch see what earlier ones did. Nothing is ever refused here: what could be wrong with a contact
//! was checked before.

mod calls;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::automation::Cause;
use crate::contact::{self, Contact, ContactKey, MAIL_KEY, Outcome, Recorded};
use crate::customer::{Belongs, Customer, IdentityKey};
use crate::event::{Event, Fact};
use crate::names;
use crate::state::State;
use crate::suggestion::{Evidence, Pair};
use crate::ticket::link::{LinkKind, link};
use crate::ticket::{Change, Opening, Ticket};
use crate::words::{Actor, ActorKind, Disposition, Visibility};
use vorrang_service::Ids;

/// Where a thread key leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// The ticket that a contact joins by it, or the merged one from which it goes on to another.
    pub ticket: Uuid,
    /// The message that brought it; none: not known any more.
    pub message: Option<Uuid>,
    /// The merged ticket that it leads to again when that is unmerged.
    pub home: Option<Uuid>,
}

/// What has to be read before contacts can be taken: everything their keys lead to.
#[derive(Debug, Default)]
pub struct Known {
    /// The last number given to a ticket of the tenant.
    pub last_number: i64,
    /// Contacts seen before.
    pub seen: HashMap<ContactKey, Recorded>,
    /// Who has which identity.
    pub owners: HashMap<IdentityKey, Uuid>,
    /// Those customers.
    pub customers: HashMap<Uuid, Customer>,
    /// The organisations that are joined by a mail domain, by those domains that matter.
    pub domains: HashMap<String, Belongs>,
    /// Which ticket a thread key leads to.
    pub threads: HashMap<String, Thread>,
    /// Which ticket each of those that are merged leads to, step by step.
    pub leads: HashMap<Uuid, Uuid>,
    /// Customers of tickets that are merged into the one that somebody may join by a key that is public.
    pub guests: HashMap<Uuid, HashSet<Uuid>>,
    /// The tickets that reference keys lead to, and the last ones of their chains, locked.
    pub tickets: HashMap<Uuid, Ticket>,
}

impl Known {
    /// The ticket whose conversation that of `ticket` is.
    fn end(&self, ticket: Uuid) -> Uuid {
        let mut at = ticket;
        for _ in 0..=self.leads.len() {
            match self.leads.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        at
    }
}

/// What has to be written after.
#[derive(Debug, Default)]
pub struct Written {
    /// The last number given to a ticket.
    pub last_number: i64,
    /// New and changed customers, by id.
    pub customers: BTreeMap<Uuid, Customer>,
    /// New and changed tickets, by id.
    pub tickets: BTreeMap<Uuid, Ticket>,
    /// New messages, in order.
    pub messages: Vec<crate::message::Message>,
    /// Contacts that must not be taken again.
    pub seen: BTreeMap<ContactKey, Recorded>,
    /// Customers and tickets that are new, each with whose it is.
    pub new: Vec<(Uuid, Uuid)>,
    /// Tickets that are somebody else's than before, with whose.
    pub given: BTreeMap<Uuid, Uuid>,
    /// New and moved thread keys.
    pub threads: BTreeMap<String, Thread>,
    /// Pairs that were named together.
    pub suggestions: BTreeMap<Pair, Suggested>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// What the contacts of a batch say about a pair of customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// The best of it.
    pub evidence: Evidence,
    /// Of the contact that gave it.
    pub source: String,
    /// Contacts that named both.
    pub contacts: i32,
}

/// Takes contacts. See the head of this module.
pub struct Desk<'a> {
    known: Known,
    written: Written,
    changed_customers: BTreeSet<Uuid>,
    changed_tickets: BTreeSet<Uuid>,
    ids: &'a Ids,
    now: DateTime<Utc>,
}

/// Where a contact belongs.
enum Place {
    /// To this ticket.
    Join(Uuid),
    /// To a new ticket that follows this one up; the key that led to it.
    FollowUp(Uuid, String),
    /// To a new ticket beside this one, in which the sender has no part.
    Beside(Uuid),
    /// To a new ticket.
    New,
}

impl<'a> Desk<'a> {
    /// A desk that knows `known`, at `now`.
    pub fn new(known: Known, ids: &'a Ids, now: DateTime<Utc>) -> Self {
        let written = Written {
            last_number: known.last_number,
            ..Written::default()
        };
        Self {
            known,
            written,
            changed_customers: BTreeSet::new(),
            changed_tickets: BTreeSet::new(),
            ids,
            now,
        }
    }

    /// Decides what becomes of a contact.
    pub fn take(&mut self, mut contact: Contact) -> Recorded {
        if let Some(first) = self.known.seen.get(&contact.key) {
            return Recorded {
                outcome: Outcome::Duplicate,
                ..*first
            };
        }
        let customer = self.customer_of(&contact);
        contact.message.visibility = Visibility::Public;
        contact.message.automated = contact.automated;
        contact.message.actor = Actor {
            // What a machine sent is no contact of the customer: it asks for no answer and counts as none.
            kind: if contact.automated {
                ActorKind::Automation
            } else {
                ActorKind::Customer
            },
            id: names::customer(customer),
        };
        if let Some(recorded) = self.take_call_event(&contact, customer) {
            if contact.key.identifies() {
                self.known.seen.insert(contact.key.clone(), recorded);
                self.written.seen.insert(contact.key, recorded);
            }
            return recorded;
        }
        let place = match contact.call {
            // Each call is a matter of its own.
            Some(_) => Place::New,
            None => self.place_of(&contact, customer),
        };
        let recorded = self.write_down(&contact, customer, &place);
        for key in &contact.thread_keys {
            if !(contact::is_of_mail(key) && self.leads_somewhere(key)) {
                self.lead(key.clone(), &recorded);
            }
        }
        if let Place::FollowUp(_, key) = place {
            self.lead(key, &recorded);
        }
        if contact.key.identifies() {
            self.known.seen.insert(contact.key.clone(), recorded);
            self.written.seen.insert(contact.key, recorded);
        }
        recorded
    }

    /// What is to be written.
    pub fn finish(mut self) -> Written {
        for id in self.changed_customers {
            if let Some(customer) = self.known.customers.remove(&id) {
                self.written.customers.insert(id, customer);
            }
        }
        for id in self.changed_tickets {
            if let Some(ticket) = self.known.tickets.remove(&id) {
                self.written.tickets.insert(id, ticket);
            }
        }
        self.written
    }

    fn place_of(&self, contact: &Contact, customer: Uuid) -> Place {
        let mut otherwise = Place::New;
        for key in &contact.reference_keys {
            let Some(thread) = self.known.threads.get(key) else {
                continue;
            };
            let end = self.known.end(thread.ticket);
            let (Some(named), Some(ticket)) = (self.known.tickets.get(&thread.ticket), self.known.tickets.get(&end))
            else {
                continue;
            };
            if named.erased || ticket.erased {
                // A new conversation: nothing may lead from whoever writes now to who was erased.
                continue;
            }
            if contact::is_public(key) && !self.takes_part(customer, named, end) {
                if key.starts_with(MAIL_KEY) && matches!(otherwise, Place::New) {
                    otherwise = Place::Beside(ticket.id);
                }
                continue;
            }
            if ticket.state != State::Closed && ticket.disposition != Disposition::Deleted {
                return Place::Join(ticket.id);
            }
            if matches!(otherwise, Place::New | Place::Beside(_)) {
                otherwise = Place::FollowUp(ticket.id, key.clone());
            }
        }
        otherwise
    }

    /// Whether the customer may join a conversation by a key that is public, found by the ticket that it names.
    fn takes_part(&self, customer: Uuid, named: &Ticket, end: Uuid) -> bool {
        let of_end = self.known.tickets.get(&end).map(|ticket| ticket.customer);
        let is_guest = || {
            self.known
                .guests
                .get(&end)
                .is_some_and(|guests| guests.contains(&customer))
        };
        named.customer == customer || of_end == Some(customer) || is_guest()
    }

    fn write_down(&mut self, contact: &Contact, customer: Uuid, place: &Place) -> Recorded {
        let message = self.ids.next(self.now);
        let (mut ticket, mut changes, outcome) = match place {
            Place::Join(id) if self.known.tickets.contains_key(id) => {
                (self.known.tickets[id].clone(), Vec::new(), Outcome::Appended)
            }
            _ => {
                let (mut ticket, changes) = self.open(contact, customer, place);
                calls::begin(&mut ticket, contact);
                (ticket, changes, Outcome::Created)
            }
        };
        if outcome == Outcome::Appended && contact.asynchronous {
            changes.extend(ticket.close_over(self.now));
        }
        let added = ticket
            .add_message(message, contact.message.clone(), None, self.now)
            .expect("a ticket that is new or not closed takes every message");
        changes.extend(added);
        let is_live = contact.channel.is_live() && !contact.asynchronous && !contact.automated;
        if is_live {
            let heard_at = contact.received_at.unwrap_or(self.now);
            changes.extend(ticket.come_back(heard_at, self.now));
        }
        if let Some(event) = &contact.call {
            changes.extend(ticket.call_event(event, self.now));
        }
        if outcome == Outcome::Created {
            // One operation, one revision: nobody has seen the ticket without its message.
            ticket.revision = 1;
        }
        let recorded = Recorded {
            outcome,
            ticket: ticket.id,
            number: ticket.number,
            message,
            customer,
        };
        for change in changes {
            if let Change::Message(message) = &change {
                self.written.messages.push(message.clone());
            }
            let actor = match &change {
                Change::Message(_) | Change::Created => contact.message.actor.clone(),
                _ => calls::actor_of(contact),
            };
            let fact = Fact::Ticket(Box::new(ticket.clone()), change);
            self.happened(fact, actor, contact);
        }
        self.changed_tickets.insert(ticket.id);
        self.known.tickets.insert(ticket.id, ticket);
        recorded
    }

    fn open(&mut self, contact: &Contact, customer: Uuid, place: &Place) -> (Ticket, Vec<Change>) {
        self.written.last_number += 1;
        let opened_at = contact.message.occurred_at.map_or(self.now, |at| at.min(self.now));
        let customer_now = self.known.customers.get(&customer);
        let opening = Opening {
            id: self.ids.next(self.now),
            number: self.written.last_number,
            customer,
            // By the time at which the customer wrote, however late we hear of it.
            tier: customer_now
                .map(|customer| customer.tier_at(opened_at).tier.to_owned())
                .unwrap_or_default(),
            organization: customer_now.and_then(|customer| customer.organization.as_ref().map(|one| one.organization)),
            channel: contact.channel,
            follow_up_of: match place {
                Place::FollowUp(id, _) => Some(*id),
                _ => None,
            },
            split_from: None,
            automated: contact.automated,
            opened_at: contact.message.occurred_at,
            fields: contact.fields.clone(),
        };
        self.written.new.push((opening.id, customer));
        let mut ticket = Ticket::open(opening, self.now);
        let mut changes = vec![Change::Created];
        let linked = match place {
            Place::FollowUp(id, _) => Some((id, LinkKind::FollowUpOf)),
            Place::Beside(id) => Some((id, LinkKind::RelatesTo)),
            Place::Join(_) | Place::New => None,
        };
        if let Some((id, kind)) = linked
            && let Some(other) = self.known.tickets.get_mut(id)
            // Full: `follow_up_of` says it all the same, from one side.
            && let Ok(true) = link(&mut ticket, other, kind, self.now)
        {
            changes.push(Change::Linked(Box::new(other.clone()), kind));
            self.changed_tickets.insert(*id);
        }
        (ticket, changes)
    }

    /// Whether a key leads to a ticket of which anything is left.
    fn leads_somewhere(&self, key: &str) -> bool {
        let thread = self.known.threads.get(key);
        let ticket = thread.and_then(|thread| self.known.tickets.get(&thread.ticket));
        match (thread, ticket) {
            (Some(_), Some(ticket)) => !ticket.erased,
            // Not read, as nobody asked where it leads.
            (thread, _) => thread.is_some(),
        }
    }

    /// Lets a key lead to where its contact is from now on.
    fn lead(&mut self, key: String, recorded: &Recorded) {
        let before = self.known.threads.get(&key).copied();
        if before.is_some_and(|thread| self.known.end(thread.ticket) == recorded.ticket) {
            // By way of a merged ticket, too: after an unmerge it leads there again.
            return;
        }
        let thread = Thread {
            ticket: recorded.ticket,
            message: before.map_or(Some(recorded.message), |thread| thread.message),
            home: before.and_then(|thread| {
                let is_merged = self.known.leads.contains_key(&thread.ticket);
                thread.home.or(is_merged.then_some(thread.ticket))
            }),
        };
        self.known.threads.insert(key.clone(), thread);
        self.written.threads.insert(key, thread);
    }

    fn happened(&mut self, fact: Fact, actor: Actor, contact: &Contact) {
        self.written.events.push(Event {
            id: self.ids.next(self.now),
            occurred_at: fact.occurred_at(self.now),
            actor,
            trace_parent: contact.trace_parent.clone(),
            cause: Cause::default(),
            fact,
        });
    }
}

#[cfg(test)]
mod tests;
