//! What happened, for one tenant: the facts that every KPI is computed from.
//!
//! Guarantees: facts depend only on the *set* of events given and on each event's own time and
//! [`Order`], never on the sequence in which they were given or how the feeds interleaved; so a
//! restart or a rebuild gives the same figures. One event follows another one of its own feed: that a message moved comes after the
//! message. Facts keep what happened, not what it means: that a
//! ticket is "solved" is decided by [`crate::rows`] from one ticket's own timeline, so that a reopen, a
//! late answer or a merge corrects the past by itself. They hold no text of customers. Pure.

mod apply;
mod attribute;
mod bytes;
mod changes;
mod desk;
mod event;
mod keep;
mod people;
mod sessions;
mod strings;
mod timeline;

use std::collections::{HashMap, HashSet};

pub use attribute::Attribute;
pub use bytes::Broken;
pub use changes::{Change, Changes};
pub use desk::{Desk, Promise, instant};
pub use event::{
    About, ActorKind, Answered, BenchmarkSeen, CustomerSeen, Event, Opened, Presence, ReviewItem, SessionStep, Status,
    Survey, Workflow, Wrote,
};
pub use keep::{FORMAT, Part, Touched};
pub use people::{Person, Trait};
pub use sessions::{Session, Visit};
pub use strings::{Strings, Symbol};
pub use timeline::{Entry, Given, Order, ReviewIndex, Step, Timeline};

use crate::buckets::Micros;

/// Index of a ticket in [`Facts::tickets`]; stable while the facts live.
pub type TicketIndex = u32;

/// The tier of a customer of whom nothing else is known.
pub const STANDARD_TIER: &str = "standard";

/// The priority of a ticket of which nothing else is said.
pub const NORMAL_PRIORITY: &str = "normal";

/// The item of a rubric that is the personal emotional connection, where it is out of five.
const PEC: (&str, f64) = ("pec", 5.0);

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
#[derive(Debug, Clone)]
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
    /// Who opened it.
    pub opened_by: ActorKind,
    /// What it is about.
    pub intent: Option<Symbol>,
    /// The customer's organization as the owner recorded it; None = look at the customer.
    pub organization: Option<Symbol>,
    /// Free marks, each once.
    pub tags: Box<[Symbol]>,
    /// Whether the owner tells what it was promised.
    pub told_promise: bool,
}

/// How an agent did it, by a reviewer's judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Review {
    /// Who was reviewed.
    pub agent: Option<Symbol>,
    /// The weighted mean of the items, in percent; None without an item that has points.
    pub quality: Option<f64>,
    /// Points for the personal emotional connection, 1–5.
    pub connection: Option<f64>,
}

/// An outside figure to stand beside ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Benchmark {
    /// The key figure.
    pub kpi: Symbol,
    /// Whose it is.
    pub label: Symbol,
    /// Its value.
    pub value: f64,
    /// From when on it holds.
    pub valid_from: Micros,
}

/// What an agent did from a time on: the state, and on which channels (None: all).
pub type Duty = (Presence, Option<Box<[Symbol]>>);

/// The facts of one tenant.
#[derive(Debug, Default)]
pub struct Facts {
    strings: Strings,
    tickets: Vec<Ticket>,
    ticket_ids: HashMap<Symbol, TicketIndex>,
    reviews: Vec<Review>,
    /// Which review was told last under an id, of which ticket and when.
    review_ids: HashMap<Symbol, (TicketIndex, Micros, ReviewIndex)>,
    people: HashMap<Symbol, Person>,
    /// What was told of agents: their team, or (None) that they are there and nothing of a team.
    teams: HashMap<Symbol, Attribute<Option<Option<Symbol>>>>,
    duties: HashMap<Symbol, Attribute<Duty>>,
    /// Customers whose name is in no answer any more. What they did is still told apart from what others did, so that it
    /// counts as before; their id is the id of nobody, with ticketing too.
    erased: HashSet<Symbol>,
    sessions: HashMap<Symbol, Session>,
    /// Surveys that name a customer and no ticket.
    surveys: HashMap<Symbol, Timeline>,
    desk: Desk,
    benchmarks: Vec<(Micros, Order, Benchmark)>,
    /// Tickets that were merged at least once; merging is rare and everybody else skips the work.
    merged: Vec<TicketIndex>,
    /// The same of customers.
    merged_people: Vec<Symbol>,
    /// How often anything was merged or a merge undone.
    merges: u64,
    changes: Changes,
    /// What has changed since it was written last.
    touched: Touched,
    last: Option<Micros>,
}

impl Facts {
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

    /// The ticket with this id.
    pub fn ticket_named(&self, id: &str) -> Option<TicketIndex> {
        self.ticket_ids.get(&self.strings.find(id)?).copied()
    }

    /// All self-service sessions, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = (Symbol, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// Per customer, the surveys that name the customer and no ticket; in no particular order.
    pub fn surveys(&self) -> impl Iterator<Item = (Symbol, &Timeline)> {
        self.surveys.iter().map(|(customer, timeline)| (*customer, timeline))
    }

    /// Tickets that were merged into another at least once, whether or not it was undone.
    pub fn merged(&self) -> &[TicketIndex] {
        &self.merged
    }

    /// Everybody of whom anything was told, in no particular order.
    pub fn people(&self) -> impl Iterator<Item = (Symbol, &Person)> {
        self.people.iter().map(|(customer, person)| (*customer, person))
    }

    /// What is known of a customer.
    pub fn person(&self, customer: Symbol) -> Option<&Person> {
        self.people.get(&customer)
    }

    /// Whom each customer who was ever merged was merged into from when on (None: into nobody any more).
    pub fn merged_customers(&self) -> impl Iterator<Item = (Symbol, &Attribute<Option<Symbol>>)> {
        let each = self.merged_people.iter();
        each.filter_map(move |customer| Some((*customer, &self.people.get(customer)?.merged)))
    }

    /// Rises with every merge and undone merge, of tickets or customers.
    pub fn merges(&self) -> u64 {
        self.merges
    }

    /// What was told, for whoever remembers what follows from it.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Everybody has read all changes.
    pub fn forget_changes(&mut self) {
        self.changes.forget();
    }

    /// Whether the customer's name must not be told.
    pub fn is_erased(&self, customer: Symbol) -> bool {
        self.erased.contains(&customer)
    }

    /// What the customer was at `at`, as far as was told by `as_of`; None for a customer never heard of.
    pub fn trait_of(&self, customer: Symbol, what: Trait, at: Micros, as_of: Micros) -> Option<Symbol> {
        self.people.get(&customer)?.was(what, at, as_of)
    }

    /// The agent's team at `at`, as far as was told by `as_of`. Before anything was told, what was told first holds.
    pub fn team_of(&self, agent: Symbol, at: Micros, as_of: Micros) -> Option<Symbol> {
        let teams = self.teams.get(&agent)?;
        let told = teams.until(at.min(as_of));
        if !told.is_empty() {
            return told.iter().rev().find_map(|(_, _, team)| *team).flatten();
        }
        let (told_at, _, team) = teams.first()?;
        team.flatten().filter(|_| *told_at <= as_of)
    }

    /// In which team the agent was from when on, as far as was told by `as_of`: [`Facts::team_of`] at every time. The first one
    /// holds from the beginning of time.
    pub fn teams_of(&self, agent: Symbol, as_of: Micros) -> Vec<(Micros, Option<Symbol>)> {
        let told = self.teams.get(&agent).map_or(&[][..], |teams| teams.until(as_of));
        let mut team = told.first().and_then(|(_, _, team)| team.flatten());
        let mut found = vec![(Micros::MIN, team)];
        let mut named = None;
        for (at, _, told) in told {
            named = told.or(named);
            let now = named.flatten();
            if now != team {
                found.push((*at, now));
                team = now;
            }
        }
        found
    }

    /// When the latest thing was told of the agent's team.
    pub fn team_told_at(&self, agent: Symbol) -> Option<Micros> {
        self.teams.get(&agent)?.until(Micros::MAX).last().map(|(at, ..)| *at)
    }

    /// What the customer was asked and answered apart from any ticket.
    pub fn survey(&self, customer: Symbol) -> Option<&Timeline> {
        self.surveys.get(&customer)
    }

    /// What every agent did from when on, in no particular order.
    pub fn duties(&self) -> impl Iterator<Item = (Symbol, &Attribute<Duty>)> {
        self.duties.iter().map(|(agent, duties)| (*agent, duties))
    }

    /// What was promised.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// A review by its index.
    pub fn review(&self, index: ReviewIndex) -> Option<&Review> {
        self.reviews.get(index as usize)
    }

    /// The outside figures for `kpi` that hold at `at`: of each label the newest.
    pub fn benchmarks(&self, kpi: &str, at: Micros) -> Vec<Benchmark> {
        let Some(kpi) = self.strings.find(kpi) else {
            return Vec::new();
        };
        let mut newest: std::collections::BTreeMap<&str, (Micros, Micros, Order, Benchmark)> = Default::default();
        for (told_at, order, benchmark) in &self.benchmarks {
            if benchmark.kpi == kpi && benchmark.valid_from <= at {
                let entry = (benchmark.valid_from, *told_at, *order, *benchmark);
                let known = newest.entry(self.strings.text(benchmark.label)).or_insert(entry);
                if (known.0, known.1, known.2) < (entry.0, entry.1, entry.2) {
                    *known = entry;
                }
            }
        }
        newest.into_values().map(|(_, _, _, benchmark)| benchmark).collect()
    }
}

#[cfg(test)]
mod tests;
