//! The facts as they read at one moment: what is merged into what, who is who, what counts.
//!
//! What spam, deletion (D7) and merging (D8, for customers alike) take out, and who somebody was at a time (D5). Everything
//! dated up to and including the moment is in (D1). Pure.

use std::collections::HashMap;

use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::facts::{Facts, STANDARD_TIER, Status, Step, Symbol, TicketIndex, Trait};

/// The facts as they read at `as_of`.
pub struct Moment<'a> {
    facts: &'a Facts,
    as_of: Micros,
    /// The last target of every ticket that is merged now.
    target: HashMap<TicketIndex, TicketIndex>,
    /// What is merged into a ticket now, directly or through others.
    sources: HashMap<TicketIndex, Vec<TicketIndex>>,
    /// When and into whom every customer was merged who is merged now.
    customers: HashMap<Symbol, (Micros, Symbol)>,
}

impl<'a> Moment<'a> {
    /// Reads `facts` as they were known to have happened by `as_of`.
    pub fn new(facts: &'a Facts, as_of: Micros) -> Self {
        let mut into = HashMap::new();
        for index in facts.merged() {
            let Some(ticket) = facts.tickets().get(*index as usize) else {
                continue;
            };
            let mut last = None;
            for entry in ticket.timeline.until(as_of) {
                match entry.step {
                    Step::Merged { into } => last = Some(into),
                    Step::Unmerged => last = None,
                    _ => {}
                }
            }
            if let Some(last) = last {
                into.insert(*index, last);
            }
        }
        let mut target = HashMap::new();
        let mut sources: HashMap<_, Vec<_>> = HashMap::new();
        for source in into.keys() {
            // A chain cannot be longer than the number of merges; a circle (which owners refuse) ends there.
            let mut end = *source;
            for _ in 0..into.len() {
                match into.get(&end) {
                    Some(next) => end = *next,
                    None => break,
                }
            }
            target.insert(*source, end);
            sources.entry(end).or_default().push(*source);
        }
        for merged in sources.values_mut() {
            merged.sort_unstable();
        }
        Self {
            facts,
            as_of,
            target,
            sources,
            customers: facts.merged_customers(as_of).collect(),
        }
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
        self.target.get(&index).copied().unwrap_or(index)
    }

    /// Whether a ticket is merged into another now.
    pub fn is_merged(&self, index: TicketIndex) -> bool {
        self.target.contains_key(&index)
    }

    /// What is merged into a ticket now, directly or through others, in ascending order.
    pub fn sources(&self, index: TicketIndex) -> &[TicketIndex] {
        self.sources.get(&index).map_or(&[], Vec::as_slice)
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
        let mut end = customer;
        // A chain cannot be longer than the number of merges; a circle (which owners refuse) ends there.
        for _ in 0..self.customers.len() {
            match self.customers.get(&end) {
                Some((merged_at, into)) if *merged_at <= at => end = *into,
                _ => break,
            }
        }
        end
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
