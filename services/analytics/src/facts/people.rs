//! Customers: what is known of them over time, whether they are there, what they bought.

use std::collections::HashSet;

use super::attribute::Attribute;
use super::bytes::{Broken, Keep, keep_fields};
use super::event::CustomerSeen;
use super::{Order, Strings, Symbol, TicketIndex};
use crate::buckets::Micros;

/// From when until when somebody was a customer; None: still.
type Period = (Micros, Option<Micros>);

/// What of a customer can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trait {
    /// How much is promised to them.
    Tier,
    /// Which language they speak.
    Language,
    /// Where they are.
    Country,
    /// For whom they are there.
    Organization,
}

/// A customer.
#[derive(Debug, Default)]
pub struct Person {
    /// Every time something was told of them, with whether that says that they are there.
    seen: Attribute<bool>,
    /// When they were there, as the owner says.
    periods: Attribute<Box<[Period]>>,
    traits: [Attribute<Option<Symbol>>; 4],
    left: Attribute<()>,
    /// Whom they were merged into; None: nobody any more.
    pub(super) merged: Attribute<Option<Symbol>>,
    orders: Attribute<Symbol>,
    /// Times at which we went to them, with what that is called where it was told with a name.
    pub(super) reached: Attribute<Option<Symbol>>,
    /// Tickets that were opened for them.
    pub(super) tickets: Vec<TicketIndex>,
}

impl Person {
    pub(super) fn see(&mut self, at: Micros, order: Order, seen: &CustomerSeen<'_>, strings: &mut Strings) {
        self.seen.set(at, order, seen.won);
        let told = [seen.tier, seen.language, seen.country, seen.organization];
        for (known, told) in self.traits.iter_mut().zip(told) {
            if let Some(text) = told {
                known.set(at, order, strings.put(text));
            }
        }
    }

    pub(super) fn there(&mut self, at: Micros, order: Order, periods: &[Period]) {
        self.periods.set(at, order, periods.into());
    }

    pub(super) fn leave(&mut self, at: Micros, order: Order) {
        self.left.set(at, order, ());
    }

    pub(super) fn order(&mut self, at: Micros, order: Order, id: Symbol) {
        self.orders.set(at, order, id);
    }

    /// What they were at `at`, as far as was told by `as_of`. Before anything was told, what was told first holds: sources
    /// write their customers late.
    pub fn was(&self, what: Trait, at: Micros, as_of: Micros) -> Option<Symbol> {
        let known = &self.traits[what as usize];
        if let Some((_, _, value)) = known.at(at.min(as_of)) {
            return *value;
        }
        let (first_at, first_order, _) = self.seen.first()?;
        let (told_at, told_order, value) = known.first()?;
        let first = (first_at, first_order) == (told_at, told_order) && *first_at <= as_of && *first_at > at;
        value.filter(|_| first)
    }

    /// Every time they came or went, as far as was told by `as_of`, in order: true when they came.
    pub fn comings(&self, as_of: Micros) -> Vec<(Micros, Order, bool)> {
        if let Some((_, order, periods)) = self.periods.at(as_of) {
            let each = |(came, went): &Period| {
                let went = went.filter(|went| *went <= as_of).map(|went| (went, *order, false));
                [Some((*came, *order, true)).filter(|(came, ..)| *came <= as_of), went]
            };
            let mut all: Vec<_> = periods.iter().flat_map(each).flatten().collect();
            all.sort_unstable();
            return all;
        }
        let won = self.seen.until(as_of).iter().filter(|(_, _, won)| *won);
        let came = won.map(|(at, order, _)| (*at, *order, true));
        let went = self
            .left
            .until(as_of)
            .iter()
            .map(|(at, order, ())| (*at, *order, false));
        let mut all: Vec<_> = came.chain(went).collect();
        all.sort_unstable();
        all
    }

    /// What they bought by `as_of`: each order once, at its first time.
    pub fn orders(&self, as_of: Micros) -> Vec<(Micros, Symbol)> {
        let mut known = HashSet::new();
        let told = self.orders.until(as_of).iter();
        told.filter(|(_, _, id)| known.insert(*id))
            .map(|(at, _, id)| (*at, *id))
            .collect()
    }

    /// Times at which we went to them by `as_of`: one that was told again under its name once, at its first time.
    pub fn reached(&self, as_of: Micros) -> impl Iterator<Item = Micros> {
        let mut known = HashSet::new();
        let told = self.reached.until(as_of).iter();
        told.filter(move |(_, _, id)| id.is_none_or(|id| known.insert(id)))
            .map(|(at, _, _)| *at)
    }

    /// Tickets opened for them, in no particular order.
    pub fn tickets(&self) -> &[TicketIndex] {
        &self.tickets
    }

    /// When the latest thing was told of them.
    pub fn last(&self) -> Option<Micros> {
        let seen = self.seen.until(Micros::MAX).last().map(|(at, ..)| *at);
        seen.max(self.merged.until(Micros::MAX).last().map(|(at, ..)| *at))
    }

    /// Differs when what [`Person::was`] says may differ.
    pub fn revision(&self) -> u32 {
        self.seen.revision().wrapping_add(self.merged.revision())
    }
}

keep_fields!(Person: seen, periods, traits, left, merged, orders, reached, tickets);

impl Keep for [Attribute<Option<Symbol>>; 4] {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|one| one.write(out));
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok([
            Keep::read(input)?,
            Keep::read(input)?,
            Keep::read(input)?,
            Keep::read(input)?,
        ])
    }
}
