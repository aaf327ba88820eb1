//! The facts as they read at one moment: which tickets count, their solves, their conversation.
//!
//! Here the rules of kpi-rules are applied once for all KPIs: what a solve and a reopen are (D6), what
//! spam, deletion (D7) and merging (D8, for customers alike) take out, what a reply is (D11), who is meant by "the agent" (D35),
//! how a queue stay runs (D26). Everything dated up to and including the moment is in (D1). Pure.

mod case;
mod stay;

use std::collections::HashMap;

pub use case::{Case, Life, Solve};
pub use stay::{End, Stay};

use crate::buckets::Micros;
use crate::facts::{Facts, STANDARD_TIER, Status, Step, Symbol, TicketIndex};
use crate::kpis::Dimensions;

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

    /// The tickets that count as tickets: opened, not spam, not deleted, not merged into another.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.contacts().filter(|case| !case.merged())
    }

    /// The tickets whose contacts, stays and answers count: as [`Moment::cases`], and the merged ones too,
    /// since what happened once, happened; unless what they are merged into is spam or deleted.
    pub fn contacts(&self) -> impl Iterator<Item = Case<'_>> {
        (0..self.facts.tickets().len() as TicketIndex)
            .filter_map(|index| self.case(index))
            .filter(|case| {
                let judged = self.target.get(&case.index).copied().unwrap_or(case.index);
                !self.is_excluded(judged)
            })
    }

    fn case(&self, index: TicketIndex) -> Option<Case<'_>> {
        let ticket = self.facts.tickets().get(index as usize)?;
        let opening = ticket.opening.filter(|opening| opening.at <= self.as_of)?;
        Some(Case::new(self, index, ticket, opening))
    }

    fn is_excluded(&self, index: TicketIndex) -> bool {
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
    pub fn dimensions_of(&self, customer: impl Into<Option<Symbol>>, agent: Option<Symbol>, at: Micros) -> Dimensions {
        let customer = customer.into();
        Dimensions {
            customer: self.customer(customer),
            tier: self.tier(customer, at),
            agent,
            team: self.team(agent, at),
            ..Dimensions::default()
        }
    }

    /// Who `customer` is now: the one that stays when customers were merged, for the whole past; None when that one, or the
    /// one who was named, is erased.
    fn customer(&self, customer: Option<Symbol>) -> Option<Symbol> {
        let named = customer?;
        let stays = self.survivor(named, Micros::MAX);
        let erased = self.facts.is_erased(named) || self.facts.is_erased(stays);
        Some(stays).filter(|_| !erased)
    }

    /// Whom `customer` had been merged into by `at`, by merges that are in force now.
    fn survivor(&self, customer: Symbol, at: Micros) -> Symbol {
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

    fn tier(&self, customer: Option<Symbol>, at: Micros) -> Option<Symbol> {
        customer
            .map(|customer| self.survivor(customer, at))
            .and_then(|customer| self.facts.tier_of(customer, at))
            .or_else(|| self.facts.strings().find(STANDARD_TIER))
    }

    fn team(&self, agent: Option<Symbol>, at: Micros) -> Option<Symbol> {
        agent.and_then(|agent| self.facts.team_of(agent, at))
    }
}
