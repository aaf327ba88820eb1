//! Remembers derived rows, and derives again exactly what an event, or time itself, has changed.
//!
//! Guarantees: what it gives is what [`derive_all`] gives, as of every moment. Its state stands at the latest moment that was asked for;
//! rows that changed are taken out of the roll-ups as they were put in, and put in anew. A moment in the past is answered from the rows that
//! held then already; the others are derived for the answer alone.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::days::Days;
use super::derive::{Derived, derive};
use super::targets::Holds;
use super::{TicketRows, Voice, due};
use crate::buckets::Micros;
use crate::facts::{Change, Facts, Step, Symbol, TicketIndex};
use crate::moment::{Merges, Moment};
use crate::query::{Answer, Query};
use crate::rollups::{Cubes, Swap};

/// Tickets that are derived before any of them is put in its place.
const AT_ONCE: usize = 65_536;
/// So few are not worth another thread.
const FEW: usize = 2_048;

/// The rows of every ticket and of every customer's answers as they were last derived.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<State>);

/// Rows, ready to be counted.
#[derive(Debug, Clone, Default)]
pub struct All {
    /// None: in no figure.
    pub tickets: Vec<Option<Arc<TicketRows>>>,
    /// Whether ticket n is at place n; otherwise only some are there.
    pub is_whole: bool,
    /// Of customers who were asked something.
    pub voices: Vec<Arc<Voice>>,
}

/// The rows of everything as of `moment`, derived from nothing.
pub fn derive_all(moment: &Moment<'_>) -> All {
    let facts = moment.facts();
    let tickets = (0..count(facts)).map(|index| derive(moment, index).map(|derived| Arc::new(derived.rows)));
    let voices = facts
        .surveys()
        .filter_map(|(customer, _)| Voice::derive(moment, customer));
    All {
        tickets: tickets.collect(),
        is_whole: true,
        voices: voices.map(Arc::new).collect(),
    }
}

/// The rows of some tickets and customers as of `moment`, derived from nothing.
pub fn derive_some(moment: &Moment<'_>, tickets: &BTreeSet<TicketIndex>, customers: &[Symbol]) -> All {
    let tickets = tickets
        .iter()
        .map(|index| derive(moment, *index).map(|derived| Arc::new(derived.rows)));
    let voices = customers.iter().filter_map(|customer| Voice::derive(moment, *customer));
    All {
        tickets: tickets.collect(),
        is_whole: false,
        voices: voices.map(Arc::new).collect(),
    }
}

fn count(facts: &Facts) -> TicketIndex {
    TicketIndex::try_from(facts.tickets().len()).unwrap_or(TicketIndex::MAX)
}

/// What is to be remembered of a ticket as of `moment`, and how long it holds.
fn read(moment: &Moment<'_>, index: TicketIndex) -> Read {
    let (rows, holds) = match derive(moment, index) {
        Some(Derived { mut rows, holds }) => {
            rows.paused = Vec::new();
            rows.shrink();
            (Some(rows), holds)
        }
        None => (None, Holds::ALWAYS),
    };
    let holds = due::ticket(moment, index, rows.as_ref(), holds);
    (index, rows, holds)
}

type Read = (TicketIndex, Option<TicketRows>, Holds);

/// The same of many: one follows from facts alone, so all processors work on them.
fn read_all(moment: &Moment<'_>, tickets: &[TicketIndex]) -> Vec<Read> {
    let hands = std::thread::available_parallelism().map_or(1, NonZero::get);
    if tickets.len() < FEW || hands == 1 {
        return tickets.iter().map(|index| read(moment, *index)).collect();
    }
    std::thread::scope(|scope| {
        let parts = tickets.chunks(tickets.len().div_ceil(hands));
        let all: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(|index| read(moment, *index)).collect::<Vec<_>>()))
            .collect();
        let joined = all.into_iter().map(|one| match one.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    })
}

#[derive(Debug)]
struct Known<T> {
    holds: Holds,
    /// None: in no figure.
    rows: Option<Arc<T>>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self {
            holds: Holds::ALWAYS,
            rows: None,
        }
    }
}

/// What is to be derived again.
#[derive(Debug, Default)]
struct Pending {
    everything: bool,
    tickets: Vec<TicketIndex>,
    customers: Vec<Symbol>,
    agents: Vec<Symbol>,
    /// Whatever was promised from then on.
    desk: Option<Micros>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Ticket(TicketIndex),
    Customer(Symbol),
}

#[derive(Debug, Default)]
struct State {
    /// How many changes of the facts were noted.
    read: u64,
    pending: Pending,
    /// The moment at which everything below stands.
    at: Option<Micros>,
    /// Since when it would have been the same.
    since: Option<Micros>,
    merges: Arc<Merges>,
    merges_read: u64,
    tickets: Vec<Known<TicketRows>>,
    voices: HashMap<Symbol, Known<Voice>>,
    /// Until when rows hold that time alone will change; some are out of date.
    due: BinaryHeap<Reverse<(Micros, Who)>>,
    days: Days,
    /// Tickets of which something stands still.
    resting: BTreeSet<TicketIndex>,
    cubes: Cubes,
}

impl Ledger {
    /// Notes what has changed in `facts` without deriving anything: the changes can be forgotten then.
    pub fn note(&mut self, facts: &Facts) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).note(facts);
    }

    /// Brings everything forward to `as_of`, unless it stands there or later, and reads who is who as of then.
    pub fn moment<'a>(&self, facts: &'a Facts, as_of: Micros) -> Moment<'a> {
        let mut state = self.state();
        state.forward(facts, as_of);
        state.moment(facts, as_of)
    }

    /// Reads who is who as of a moment, and leaves everything where it stands.
    pub fn aside<'a>(&self, facts: &'a Facts, as_of: Micros) -> Moment<'a> {
        self.state().moment(facts, as_of)
    }

    /// The latest moment that was asked for.
    pub fn stands_at(&self) -> Option<Micros> {
        self.state().at
    }

    /// All rows as of `moment`.
    pub fn all(&self, moment: &Moment<'_>) -> All {
        self.state().all(moment)
    }

    /// The rows of which something may be counted in `[from, to)`; None when `moment` is not where everything stands.
    pub fn within(&self, moment: &Moment<'_>, from: Micros, to: Micros) -> Option<All> {
        let state = self.state();
        state
            .stands(moment.as_of())
            .then(|| state.with_moving(moment, from, to))
    }

    /// The answer from the roll-ups; None for a figure that is none of additions, or when `moment` is not where everything stands.
    pub fn answer(&self, moment: &Moment<'_>, query: &Query<'_>) -> Option<Answer> {
        let mut state = self.state();
        if !state.stands(moment.as_of()) {
            return None;
        }
        let mut cubes = std::mem::take(&mut state.cubes);
        let answer = cubes.answer(moment, query, &*state);
        state.cubes = cubes;
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl crate::rollups::Rows for State {
    fn within(&self, from: Micros, to: Micros) -> All {
        let (tickets, voices) = self.days.within(from, to);
        All {
            tickets: tickets
                .iter()
                .map(|index| self.tickets.get(*index as usize)?.rows.clone())
                .collect(),
            is_whole: false,
            voices: voices
                .iter()
                .filter_map(|customer| self.voices.get(customer)?.rows.clone())
                .collect(),
        }
    }

    fn moving(&self, moment: &Moment<'_>) -> All {
        let derived = self.resting.iter().filter_map(|index| derive(moment, *index));
        let tickets = derived.map(|Derived { rows, .. }| {
            let moving = TicketRows {
                index: rows.index,
                base: rows.base,
                customer: rows.customer,
                teams: rows.teams,
                has_calendar: rows.has_calendar,
                paused: rows.paused,
                ..TicketRows::nothing()
            };
            Some(Arc::new(moving))
        });
        All {
            tickets: tickets.collect(),
            ..All::default()
        }
    }

    fn each(&self, most: usize, take: &mut dyn FnMut(All)) {
        for tickets in self.tickets.chunks(most) {
            take(All {
                tickets: tickets.iter().map(|known| known.rows.clone()).collect(),
                ..All::default()
            });
        }
        take(All {
            voices: self.voices.values().filter_map(|known| known.rows.clone()).collect(),
            ..All::default()
        });
    }
}

impl State {
    /// Whether what is remembered is what holds at `as_of`.
    fn stands(&self, as_of: Micros) -> bool {
        let until = self.due.peek().map_or(Micros::MAX, |Reverse((until, _))| *until);
        let is_here = self.at == Some(as_of);
        is_here || self.since.is_some_and(|since| since <= as_of) && as_of <= until && self.merges.hold(as_of)
    }

    fn moment<'a>(&self, facts: &'a Facts, as_of: Micros) -> Moment<'a> {
        let merges = if self.merges.hold(as_of) {
            Arc::clone(&self.merges)
        } else {
            Arc::new(Merges::new(facts, as_of))
        };
        Moment::with(facts, as_of, merges)
    }

    fn note(&mut self, facts: &Facts) {
        let changes = facts.changes();
        match changes.since(self.read) {
            Some(news) => news.iter().for_each(|change| self.pending.add(*change)),
            None => self.pending.everything = true,
        }
        self.read = changes.end();
    }

    fn forward(&mut self, facts: &Facts, as_of: Micros) {
        self.note(facts);
        let as_of = self.at.map_or(as_of, |at| at.max(as_of));
        if self.merges_read != facts.merges() || !self.merges.hold(as_of) {
            let merges = Arc::new(Merges::new(facts, as_of));
            let (tickets, customers) = merges.differing(&self.merges);
            self.pending.tickets.extend(tickets);
            self.pending.customers.extend(customers);
            (self.merges, self.merges_read) = (merges, facts.merges());
        }
        let moment = Moment::with(facts, as_of, Arc::clone(&self.merges));
        self.tickets.resize_with(facts.tickets().len(), Known::default);
        self.at = Some(as_of);
        let (tickets, customers) = self.take_underived(&moment);
        let mut swap = Swap::default();
        for some in tickets.chunks(AT_ONCE) {
            for (index, rows, holds) in read_all(&moment, some) {
                self.put_ticket(index, rows, holds, &mut swap);
            }
        }
        for customer in customers {
            self.derive_voice(&moment, customer, &mut swap);
        }
        self.cubes.swap(&moment, swap);
    }

    /// Everything that something pending, or the time that has passed, may have changed.
    fn take_underived(&mut self, moment: &Moment<'_>) -> (Vec<TicketIndex>, Vec<Symbol>) {
        let facts = moment.facts();
        let pending = std::mem::take(&mut self.pending);
        let (mut tickets, mut customers) = (Vec::new(), Vec::new());
        while let Some(Reverse((until, who))) = self.due.peek().copied()
            && until < moment.as_of()
        {
            self.due.pop();
            match who {
                Who::Ticket(index) => tickets.push(index),
                Who::Customer(customer) => customers.push(customer),
            }
        }
        if pending.everything {
            return (
                (0..count(facts)).collect(),
                facts.surveys().map(|(customer, _)| customer).collect(),
            );
        }
        for index in pending.tickets {
            let root = moment.root(index);
            tickets.extend([index, root]);
            tickets.extend(moment.sources(root));
        }
        for customer in moment.merges().merged_into(pending.customers) {
            customers.push(customer);
            tickets.extend(facts.person(customer).map_or(&[][..], |person| person.tickets()));
        }
        if !pending.agents.is_empty() {
            let is_named = |agent: Symbol| pending.agents.contains(&agent);
            for (index, known) in (0..).zip(&self.tickets) {
                if known
                    .rows
                    .as_ref()
                    .is_some_and(|rows| rows.teams.agents().any(is_named))
                {
                    tickets.push(index);
                }
            }
            for (customer, known) in &self.voices {
                if known
                    .rows
                    .as_ref()
                    .is_some_and(|voice| voice.teams.agents().any(is_named))
                {
                    customers.push(*customer);
                }
            }
        }
        if let Some(from) = pending.desk {
            for (index, ticket) in (0..).zip(facts.tickets()) {
                let opened = ticket.opening.as_ref().is_some_and(|opening| opening.at >= from);
                let mut late = ticket.timeline.all().iter().rev().take_while(|entry| entry.at >= from);
                if opened || late.any(|entry| matches!(entry.step, Step::Promised { .. })) {
                    tickets.push(index);
                }
            }
        }
        tickets.sort_unstable();
        tickets.dedup();
        customers.sort_unstable();
        customers.dedup();
        (tickets, customers)
    }

    fn put_ticket(&mut self, index: TicketIndex, rows: Option<TicketRows>, holds: Holds, swap: &mut Swap) {
        let Some(known) = self.tickets.get_mut(index as usize) else {
            return;
        };
        known.holds = holds;
        if rows.as_ref().is_some_and(|rows| rows.rests) {
            self.resting.insert(index);
        } else {
            self.resting.remove(&index);
        }
        self.since = self.since.max(Some(known.holds.from));
        if known.holds.until != Micros::MAX {
            self.due.push(Reverse((known.holds.until, Who::Ticket(index))));
        }
        if known.rows.as_deref() != rows.as_ref() {
            self.days.ticket(known.rows.as_deref(), rows.as_ref());
            let rows = rows.map(Arc::new);
            let old = std::mem::replace(&mut known.rows, rows.clone());
            if !self.cubes.is_empty() {
                swap.ticket(old, rows);
            }
        }
    }

    fn derive_voice(&mut self, moment: &Moment<'_>, customer: Symbol, swap: &mut Swap) {
        let voice = Voice::derive(moment, customer);
        if voice.is_none() && !self.voices.contains_key(&customer) {
            return;
        }
        let known = self.voices.entry(customer).or_default();
        known.holds = due::voice(moment, customer, voice.as_ref());
        self.since = self.since.max(Some(known.holds.from));
        if known.holds.until != Micros::MAX {
            self.due.push(Reverse((known.holds.until, Who::Customer(customer))));
        }
        if known.rows.as_deref() != voice.as_ref() {
            self.days.voice(known.rows.as_deref(), voice.as_ref());
            let voice = voice.map(Arc::new);
            let old = std::mem::replace(&mut known.rows, voice.clone());
            if !self.cubes.is_empty() {
                swap.voice(old, voice);
            }
        }
    }

    /// As [`crate::rollups::Rows::within`], and everything that stands still as it is now.
    fn with_moving(&self, moment: &Moment<'_>, from: Micros, to: Micros) -> All {
        let mut all = crate::rollups::Rows::within(self, from, to);
        let rests = |ticket: &Option<Arc<TicketRows>>| ticket.as_ref().is_some_and(|ticket| ticket.rests);
        all.tickets.retain(|ticket| !rests(ticket));
        let resting = self.resting.iter().filter_map(|index| derive(moment, *index));
        all.tickets.extend(resting.map(|derived| Some(Arc::new(derived.rows))));
        all
    }

    fn all(&self, moment: &Moment<'_>) -> All {
        let as_of = moment.as_of();
        let here = self.stands(as_of);
        let holds = |holds: &Holds| here || holds.from <= as_of && as_of <= holds.until;
        let same = Arc::ptr_eq(moment.merges(), &self.merges);
        let facts = moment.facts();
        let tickets = (0..count(facts)).map(|index| {
            let opening = facts.tickets().get(index as usize)?.opening.as_ref();
            let customer = opening.and_then(|opening| opening.customer);
            let agree = same || moment.merges().agree(&self.merges, index, customer);
            match self.tickets.get(index as usize) {
                Some(known) if agree && holds(&known.holds) && !self.resting.contains(&index) => known.rows.clone(),
                _ => derive(moment, index).map(|derived| Arc::new(derived.rows)),
            }
        });
        let voices = facts.surveys().filter_map(|(customer, _)| {
            let agree = same || moment.merges().chain(customer) == self.merges.chain(customer);
            match self.voices.get(&customer) {
                Some(known) if agree && holds(&known.holds) => known.rows.clone(),
                _ => Voice::derive(moment, customer).map(Arc::new),
            }
        });
        All {
            tickets: tickets.collect(),
            is_whole: true,
            voices: voices.collect(),
        }
    }
}

impl Pending {
    fn add(&mut self, change: Change) {
        match change {
            Change::Ticket(index) => {
                // Reading a feed from its beginning tells of every ticket many times before anybody asks.
                if self.tickets.len() == self.tickets.capacity() {
                    self.tickets.sort_unstable();
                    self.tickets.dedup();
                    let free = self.tickets.len().max(1_024);
                    self.tickets.reserve(free);
                }
                self.tickets.push(index);
            }
            Change::Customer(customer) => self.customers.push(customer),
            Change::Agent(agent) => self.agents.push(agent),
            Change::Desk(at) => self.desk = Some(self.desk.map_or(at, |from| from.min(at))),
        }
    }
}
