//! What happened, for one tenant: the facts that every KPI is computed from.
//!
//! Guarantees: facts depend only on the *set* of events given and on each event's own time and
//! [`Order`], never on the sequence in which they were given or how the feeds interleaved; so a
//! restart or a rebuild gives the same figures. One event follows another one of its own feed: that a message moved comes after the
//! message. Facts keep what happened, not what it means: that a
//! ticket is "solved" is decided by [`crate::moment`] when a question is asked, so that a reopen, a
//! late answer or a merge corrects the past by itself. They hold no text of customers. Pure.

mod event;
mod strings;
mod timeline;

use std::collections::{HashMap, HashSet};

pub use event::{About, ActorKind, Answered, Event, Opened, Status, Survey};
pub use strings::{Strings, Symbol};
pub use timeline::{Entry, Order, Step, Timeline};

use crate::buckets::Micros;

/// Index of a ticket in [`Facts::tickets`]; stable while the facts live.
pub type TicketIndex = u32;

/// The tier of a customer of whom nothing else is known.
pub const STANDARD_TIER: &str = "standard";

/// A ticket and everything that happened to it.
#[derive(Debug, Default)]
pub struct Ticket {
    /// The source's id or our resource name.
    pub id: Option<Symbol>,
    /// None while events about it arrived but not its opening; such a ticket is in no figure.
    pub opening: Option<Opening>,
    /// All that happened, by time.
    pub timeline: Timeline,
}

/// How a ticket began. Dimensions are those in force at the opening, whatever changes later.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// When.
    pub at: Micros,
    /// Position among events of the same instant.
    pub order: Order,
    /// Who has the problem.
    pub customer: Option<Symbol>,
    /// The channel it came over.
    pub channel: Option<Symbol>,
    /// The customer's tier as the owner recorded it at the opening; None = look at the customer.
    pub tier: Option<Symbol>,
    /// `low`, `normal`, `high`, `urgent`.
    pub priority: Option<Symbol>,
    /// The queue it was opened in.
    pub queue: Option<Symbol>,
    /// The agent who opened it; None when a customer or an automation did.
    pub agent: Option<Symbol>,
}

/// A visit of the help centre: when each step that matters for a figure was taken.
#[derive(Debug, Default)]
pub struct Session {
    /// The customer, once any event of the session has named one.
    pub customer: Option<Symbol>,
    /// Times of the step `solved`, ascending.
    pub solved: Vec<Micros>,
    /// Times of the step `escalated`, ascending.
    pub escalated: Vec<Micros>,
}

/// An attribute of a person over time: what it was at which moment.
#[derive(Debug, Default)]
struct Attribute(Vec<(Micros, Order, Option<Symbol>)>);

impl Attribute {
    fn set(&mut self, at: Micros, order: Order, value: Option<Symbol>) {
        let place = self.0.partition_point(|(a, o, _)| (*a, *o) <= (at, order));
        self.0.insert(place, (at, order, value));
    }

    /// The value in force at `at`; before the first one, the first one.
    fn at(&self, at: Micros) -> Option<Symbol> {
        let after = self.0.partition_point(|(a, _, _)| *a <= at);
        self.0.get(after.saturating_sub(1)).and_then(|(_, _, value)| *value)
    }

    /// The value that was set last by `at`, and when; None before the first one.
    fn set_by(&self, at: Micros) -> Option<(Micros, Symbol)> {
        let after = self.0.partition_point(|(a, _, _)| *a <= at);
        let (at, _, value) = self.0.get(after.checked_sub(1)?)?;
        Some((*at, (*value)?))
    }
}

/// The facts of one tenant.
#[derive(Debug, Default)]
pub struct Facts {
    strings: Strings,
    tickets: Vec<Ticket>,
    ticket_ids: HashMap<Symbol, TicketIndex>,
    tiers: HashMap<Symbol, Attribute>,
    teams: HashMap<Symbol, Attribute>,
    /// Whom customers were merged into.
    merges: HashMap<Symbol, Attribute>,
    /// Customers whose name is in no answer any more. What they did is still told apart from what others did, so that it
    /// counts as before; their id is the id of nobody, with ticketing too.
    erased: HashSet<Symbol>,
    sessions: HashMap<Symbol, Session>,
    /// Surveys that name a customer and no ticket.
    surveys: HashMap<Symbol, Timeline>,
    /// Tickets that were merged at least once; merging is rare and everybody else skips the work.
    merged: Vec<TicketIndex>,
    last: Option<Micros>,
}

impl Facts {
    /// Adds what happened at `at`. Each event must be given once; the follower's cursor sees to that.
    pub fn apply(&mut self, at: Micros, order: Order, event: Event<'_>) {
        self.last = self.last.max(Some(at));
        match event {
            Event::Customer { customer, tier } => {
                if let (Some(customer), Some(tier)) = (self.put(customer), tier) {
                    let tier = self.put(tier);
                    self.tiers.entry(customer).or_default().set(at, order, tier);
                }
            }
            Event::CustomersMerged { customer, into } => {
                if let (Some(customer), into @ Some(_)) = (self.put(customer), self.put(into)) {
                    self.merges.entry(customer).or_default().set(at, order, into);
                }
            }
            Event::CustomersUnmerged { customer } => {
                if let Some(customer) = self.put(customer) {
                    self.merges.entry(customer).or_default().set(at, order, None);
                }
            }
            Event::CustomerErased { customer } => {
                if let Some(customer) = self.put(customer) {
                    self.erased.insert(customer);
                }
            }
            Event::Agent { agent, team } => {
                if let (Some(agent), Some(team)) = (self.put(agent), team) {
                    let team = self.put(team);
                    self.teams.entry(agent).or_default().set(at, order, team);
                }
            }
            Event::Opened(opened) => self.open(at, order, opened),
            Event::Message {
                ticket,
                actor,
                id,
                public,
            } => {
                let message = self.message(actor, id, public);
                self.step(ticket, at, order, message);
            }
            Event::Status { ticket, status, actor } => {
                self.step(ticket, at, order, Step::Status { status, actor });
            }
            Event::Counts { ticket, counts, actor } => {
                self.step(ticket, at, order, Step::Counts { counts, actor });
            }
            Event::Assigned { ticket, agent, queue } => {
                let (agent, queue) = (self.put(agent), self.put(queue));
                self.step(ticket, at, order, Step::Assigned { agent, queue });
            }
            Event::QueueEntered { ticket, queue } => {
                let queue = self.put(queue);
                self.step(ticket, at, order, Step::QueueEntered { queue });
            }
            Event::QueueAccepted {
                ticket,
                queue,
                agent,
                by_hand,
            } => {
                let (agent, queue) = (self.put(agent), self.put(queue));
                self.step(ticket, at, order, Step::QueueAccepted { queue, agent, by_hand });
            }
            Event::QueueLeft { ticket } => self.step(ticket, at, order, Step::QueueLeft),
            Event::Handoff { ticket } => self.step(ticket, at, order, Step::Handoff),
            Event::WrapUpEnded { ticket, agent } => {
                let agent = self.put(agent);
                self.step(ticket, at, order, Step::WrapUpEnded { agent });
            }
            Event::Moved {
                from,
                to,
                actor,
                id,
                public,
            } => {
                let message = self.message(actor, id, public);
                let told = self
                    .ticket_mut(from)
                    .and_then(|ticket| ticket.timeline.remove(at, message));
                self.step(to, at, told.unwrap_or(order), message);
            }
            Event::Merged { ticket, into } => {
                if let (Some(source), Some(into)) = (self.ticket(ticket), self.ticket(into)) {
                    let is_merge = |entry: &Entry| matches!(entry.step, Step::Merged { .. });
                    let known = self.tickets.get(source as usize);
                    if !known.is_some_and(|known| known.timeline.all().iter().any(is_merge)) {
                        self.merged.push(source);
                    }
                    self.step(ticket, at, order, Step::Merged { into });
                }
            }
            Event::Unmerged { ticket } => self.step(ticket, at, order, Step::Unmerged),
            Event::SurveySent { about, survey } => {
                self.survey(at, order, about, Step::SurveySent { survey });
            }
            Event::SurveyAnswered(answered) => {
                let step = self.answer(&answered);
                self.survey(at, order, answered.about, step);
            }
            Event::AnswerTakenBack(answered) => {
                let step = self.answer(&answered);
                self.take_back(at, answered.about, step);
            }
            Event::SessionSeen { session, customer } => {
                let customer = self.put(customer);
                if let Some(session) = self.session(session) {
                    session.customer = customer.or(session.customer);
                }
            }
            Event::SessionSolved { session } => {
                if let Some(session) = self.session(session) {
                    insert_sorted(&mut session.solved, at);
                }
            }
            Event::SessionEscalated { session } => {
                if let Some(session) = self.session(session) {
                    insert_sorted(&mut session.escalated, at);
                }
            }
        }
    }

    /// When the latest event happened; None without events. Not the same as how far the feeds were read.
    pub fn last(&self) -> Option<Micros> {
        self.last
    }

    /// The names behind symbols.
    pub fn strings(&self) -> &Strings {
        &self.strings
    }

    /// All tickets, by index, those without an opening included.
    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// All self-service sessions, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// Per customer, the surveys that name the customer and no ticket; in no particular order.
    pub fn surveys(&self) -> impl Iterator<Item = (Symbol, &Timeline)> {
        self.surveys.iter().map(|(customer, timeline)| (*customer, timeline))
    }

    /// Tickets that were merged into another at least once, whether or not it was undone.
    pub fn merged(&self) -> &[TicketIndex] {
        &self.merged
    }

    /// Whom each customer who was merged into another one by `as_of`, and not made its own again, was merged into, and when.
    pub fn merged_customers(&self, as_of: Micros) -> impl Iterator<Item = (Symbol, (Micros, Symbol))> {
        let in_force = move |(customer, merges): (&Symbol, &Attribute)| Some((*customer, merges.set_by(as_of)?));
        self.merges.iter().filter_map(in_force)
    }

    /// Whether the customer's name must not be told.
    pub fn is_erased(&self, customer: Symbol) -> bool {
        self.erased.contains(&customer)
    }

    /// The customer's tier at `at`; None for a customer never heard of, who counts as `standard`.
    pub fn tier_of(&self, customer: Symbol, at: Micros) -> Option<Symbol> {
        self.tiers.get(&customer)?.at(at)
    }

    /// The agent's team at `at`.
    pub fn team_of(&self, agent: Symbol, at: Micros) -> Option<Symbol> {
        self.teams.get(&agent)?.at(at)
    }

    fn put(&mut self, text: &str) -> Option<Symbol> {
        self.strings.put(text)
    }

    /// The ticket named `id`, made when it is new: routing's feed may be ahead of ticketing's.
    fn ticket(&mut self, id: &str) -> Option<TicketIndex> {
        let symbol = self.strings.put(id)?;
        if let Some(index) = self.ticket_ids.get(&symbol) {
            return Some(*index);
        }
        let index =
            TicketIndex::try_from(self.tickets.len()).expect("one process never holds 2^32 tickets of one tenant");
        self.tickets.push(Ticket {
            id: Some(symbol),
            ..Ticket::default()
        });
        self.ticket_ids.insert(symbol, index);
        Some(index)
    }

    fn ticket_mut(&mut self, id: &str) -> Option<&mut Ticket> {
        let index = self.ticket(id)?;
        self.tickets.get_mut(index as usize)
    }

    fn message(&mut self, actor: ActorKind, id: &str, public: bool) -> Step {
        Step::Message {
            actor,
            id: if actor == ActorKind::Agent { self.put(id) } else { None },
            // A customer has no internal notes, whatever a source says.
            public: public || actor == ActorKind::Customer,
        }
    }

    fn step(&mut self, ticket: &str, at: Micros, order: Order, step: Step) {
        if let Some(ticket) = self.ticket_mut(ticket) {
            ticket.timeline.insert(at, order, step);
        }
    }

    fn open(&mut self, at: Micros, order: Order, opened: Opened<'_>) {
        let opening = Opening {
            at,
            order,
            customer: self.put(opened.customer),
            channel: self.put(opened.channel),
            tier: self.put(opened.tier),
            priority: self.put(opened.priority),
            queue: self.put(opened.queue),
            agent: self.put(opened.agent),
        };
        if let Some(ticket) = self.ticket_mut(opened.ticket) {
            // A ticket is opened once: of two openings the earlier holds, whichever arrived first.
            let earlier = ticket.opening.filter(|known| (known.at, known.order) <= (at, order));
            ticket.opening = earlier.or(Some(opening));
        }
    }

    fn answer(&mut self, answered: &Answered<'_>) -> Step {
        Step::Answered {
            survey: answered.survey,
            solve: u16::try_from(answered.solve).unwrap_or(u16::MAX),
            score: answered.score as f32,
            agent: self.put(answered.agent),
        }
    }

    fn take_back(&mut self, at: Micros, about: About<'_>, step: Step) {
        let timeline = match about {
            About::Ticket(ticket) => self.ticket_mut(ticket).map(|ticket| &mut ticket.timeline),
            About::Customer(customer) => match self.put(customer) {
                Some(customer) => self.surveys.get_mut(&customer),
                None => None,
            },
        };
        if let Some(timeline) = timeline {
            timeline.remove(at, step);
        }
    }

    fn survey(&mut self, at: Micros, order: Order, about: About<'_>, step: Step) {
        match about {
            About::Ticket(ticket) => self.step(ticket, at, order, step),
            About::Customer(customer) => {
                if let Some(customer) = self.put(customer) {
                    self.surveys.entry(customer).or_default().insert(at, order, step);
                }
            }
        }
    }

    fn session(&mut self, id: &str) -> Option<&mut Session> {
        let symbol = self.strings.put(id)?;
        Some(self.sessions.entry(symbol).or_default())
    }
}

fn insert_sorted(times: &mut Vec<Micros>, at: Micros) {
    let place = times.partition_point(|known| *known <= at);
    times.insert(place, at);
}

#[cfg(test)]
mod tests;
