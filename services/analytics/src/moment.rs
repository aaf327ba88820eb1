//! The facts as they read at one moment: what is merged into what, who is who, what counts.
//!
//! What spam, deletion (D7) and merging (D8, for customers alike) take out, and who somebody was at a time (D5). Everything
//! dated up to and including the moment is in (D1). Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::facts::{Facts, STANDARD_TIER, Status, Step, Symbol, TicketIndex, Trait};

/// What is merged into what, as of a moment. It holds until the next merge.
#[derive(Debug)]
pub struct Merges {
    /// The last target of every ticket that is merged now.
    target: HashMap<TicketIndex, TicketIndex>,
    /// What is merged into a ticket now, directly or through others.
    sources: HashMap<TicketIndex, Vec<TicketIndex>>,
    /// When and into whom every customer was merged who is merged now.
    customers: HashMap<Symbol, (Micros, Symbol)>,
    /// Who was merged directly into a customer.
    into: HashMap<Symbol, Vec<Symbol>>,
    /// From when until when (both included) it is so, as far as is known.
    holds: (Micros, Micros),
}

impl Default for Merges {
    fn default() -> Self {
        Self {
            target: HashMap::new(),
            sources: HashMap::new(),
            customers: HashMap::new(),
            into: HashMap::new(),
            holds: (Micros::MIN, Micros::MAX),
        }
    }
}

impl Merges {
    /// Reads them as they were known to have happened by `as_of`.
    pub fn new(facts: &Facts, as_of: Micros) -> Self {
        let mut found = Self::default();
        let mut into = HashMap::new();
        for index in facts.merged() {
            let Some(ticket) = facts.tickets().get(*index as usize) else {
                continue;
            };
            let mut last = None;
            for entry in ticket.timeline.all() {
                let to = match entry.step {
                    Step::Merged { into } => Some(into),
                    Step::Unmerged => None,
                    _ => continue,
                };
                if found.dated(entry.at, as_of) {
                    last = to;
                }
            }
            if let Some(last) = last {
                into.insert(*index, last);
            }
        }
        for source in into.keys() {
            // A chain cannot be longer than the number of merges; a circle (which owners refuse) ends there.
            let mut end = *source;
            for _ in 0..into.len() {
                match into.get(&end) {
                    Some(next) => end = *next,
                    None => break,
                }
            }
            found.target.insert(*source, end);
            found.sources.entry(end).or_default().push(*source);
        }
        for merged in found.sources.values_mut() {
            merged.sort_unstable();
        }
        for (customer, merged) in facts.merged_customers() {
            if let Some((at, ..)) = merged.after(as_of) {
                found.dated(*at, as_of);
            }
            let Some((at, _, into)) = merged.at(as_of) else {
                continue;
            };
            found.dated(*at, as_of);
            if let Some(into) = into {
                found.customers.insert(customer, (*at, *into));
                found.into.entry(*into).or_default().push(customer);
            }
        }
        found
    }

    /// Something is dated `at`: says whether it is in.
    fn dated(&mut self, at: Micros, as_of: Micros) -> bool {
        let (from, until) = &mut self.holds;
        if at <= as_of {
            *from = (*from).max(at);
        } else {
            *until = (*until).min(at - 1);
        }
        at <= as_of
    }

    /// Whether it is the same at `as_of`, with the facts it was read from.
    pub fn hold(&self, as_of: Micros) -> bool {
        self.holds.0 <= as_of && as_of <= self.holds.1
    }

    /// Tickets and customers of whom it says something else than `other`, with the tickets they are part of.
    pub fn differing(&self, other: &Self) -> (Vec<TicketIndex>, Vec<Symbol>) {
        let mut tickets = Vec::new();
        for index in self.target.keys().chain(other.target.keys()) {
            let (one, two) = (self.target.get(index), other.target.get(index));
            if one != two {
                tickets.extend([Some(index), one, two].into_iter().flatten());
            }
        }
        let mut customers = Vec::new();
        for customer in self.customers.keys().chain(other.customers.keys()) {
            if self.customers.get(customer) != other.customers.get(customer) {
                customers.push(*customer);
            }
        }
        (tickets, customers)
    }

    /// Whether it says the same as `other` of one ticket and of its customer.
    pub fn agree(&self, other: &Self, index: TicketIndex, customer: Option<Symbol>) -> bool {
        self.target.get(&index) == other.target.get(&index)
            && self.sources.get(&index) == other.sources.get(&index)
            && customer.is_none_or(|customer| self.chain(customer) == other.chain(customer))
    }

    /// `customer` and everybody they were merged into, one into the next.
    pub fn chain(&self, customer: Symbol) -> Vec<Symbol> {
        self.chain_until(customer, Micros::MAX)
    }

    /// As [`Merges::chain`] by merges of `at` and before. A circle (which owners refuse) ends before it begins again.
    fn chain_until(&self, customer: Symbol, at: Micros) -> Vec<Symbol> {
        let mut chain = vec![customer];
        while let Some((_, into)) = chain
            .last()
            .and_then(|end| self.customers.get(end))
            .filter(|(merged_at, into)| *merged_at <= at && !chain.contains(into))
        {
            chain.push(*into);
        }
        chain
    }

    /// `customers` and everybody who was merged into them, directly or through others.
    pub fn merged_into(&self, mut customers: Vec<Symbol>) -> Vec<Symbol> {
        let mut place = 0;
        customers.sort_unstable();
        customers.dedup();
        let mut known: HashSet<Symbol> = customers.iter().copied().collect();
        while let Some(customer) = customers.get(place) {
            place += 1;
            let merged = self.into.get(customer).map_or(&[][..], Vec::as_slice);
            customers.extend(merged.iter().copied().filter(|one| known.insert(*one)));
        }
        customers
    }
}

/// The facts as they read at `as_of`.
#[derive(Clone)]
pub struct Moment<'a> {
    facts: &'a Facts,
    as_of: Micros,
    merges: Arc<Merges>,
}

impl<'a> Moment<'a> {
    /// Reads `facts` as they were known to have happened by `as_of`.
    pub fn new(facts: &'a Facts, as_of: Micros) -> Self {
        Self::with(facts, as_of, Arc::new(Merges::new(facts, as_of)))
    }

    /// The same with `merges` that hold at `as_of`.
    pub fn with(facts: &'a Facts, as_of: Micros, merges: Arc<Merges>) -> Self {
        Self { facts, as_of, merges }
    }

    /// What is merged into what.
    pub fn merges(&self) -> &Arc<Merges> {
        &self.merges
    }

    /// The facts behind it.
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// The moment.
    pub fn as_of(&self) -> Micros {
        self.as_of
    }

    /// The ticket that `index` is part of now; itself when it is merged into none.
    pub fn root(&self, index: TicketIndex) -> TicketIndex {
        self.merges.target.get(&index).copied().unwrap_or(index)
    }

    /// Whether a ticket is merged into another now.
    pub fn is_merged(&self, index: TicketIndex) -> bool {
        self.merges.target.contains_key(&index)
    }

    /// What is merged into a ticket now, directly or through others, in ascending order.
    pub fn sources(&self, index: TicketIndex) -> &[TicketIndex] {
        self.merges.sources.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Whether a ticket is spam or deleted now, or not known at all.
    pub fn is_excluded(&self, index: TicketIndex) -> bool {
        let Some(ticket) = self.facts.tickets().get(index as usize) else {
            return true;
        };
        // Histories say it by the status; live it is apart from the status, which may even change meanwhile.
        let steps = || ticket.timeline.until(self.as_of).iter().rev();
        let status = steps().find_map(|entry| match entry.step {
            Step::Status { status, .. } => Some(status),
            _ => None,
        });
        let counts = steps().find_map(|entry| match entry.step {
            Step::Counts { counts, .. } => Some(counts),
            _ => None,
        });
        matches!(status, Some(Status::Spam | Status::Deleted)) || counts == Some(false)
    }

    /// The dimensions of something apart from any ticket: the customer's as they were at `at`.
    pub fn dimensions_of(
        &self,
        customer: impl Into<Option<Symbol>>,
        agent: Option<Symbol>,
        at: Micros,
    ) -> Dimensions<'static> {
        let customer = customer.into();
        Dimensions {
            customer: self.customer(customer),
            tier: self.tier(customer, at),
            language: self.trait_of(customer, Trait::Language, at),
            country: self.trait_of(customer, Trait::Country, at),
            organization: self.trait_of(customer, Trait::Organization, at),
            agent,
            team: self.team(agent, at),
            ..Dimensions::default()
        }
    }

    /// Who `customer` is now: the one that stays when customers were merged, for the whole past; None when that one, or the
    /// one who was named, is erased.
    pub fn customer(&self, customer: Option<Symbol>) -> Option<Symbol> {
        let named = customer?;
        let stays = self.survivor(named, Micros::MAX);
        let erased = self.facts.is_erased(named) || self.facts.is_erased(stays);
        Some(stays).filter(|_| !erased)
    }

    /// Whom `customer` had been merged into by `at`, by merges that are in force now.
    pub fn survivor(&self, customer: Symbol, at: Micros) -> Symbol {
        if !self.merges.customers.contains_key(&customer) {
            return customer;
        }
        let chain = self.merges.chain_until(customer, at);
        chain.last().copied().unwrap_or(customer)
    }

    /// What `customer`, or whoever they had been merged into by then, was at `at`.
    pub fn trait_of(&self, customer: Option<Symbol>, what: Trait, at: Micros) -> Option<Symbol> {
        let customer = self.survivor(customer?, at);
        self.facts.trait_of(customer, what, at, self.as_of)
    }

    /// As [`Moment::trait_of`]; `standard` when nothing is known.
    pub fn tier(&self, customer: Option<Symbol>, at: Micros) -> Option<Symbol> {
        self.trait_of(customer, Trait::Tier, at)
            .or_else(|| self.facts.strings().find(STANDARD_TIER))
    }

    /// The agent's team at `at`.
    pub fn team(&self, agent: Option<Symbol>, at: Micros) -> Option<Symbol> {
        agent.and_then(|agent| self.facts.team_of(agent, at, self.as_of))
    }
}
