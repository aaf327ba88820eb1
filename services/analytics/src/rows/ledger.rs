//! Remembers derived rows, and derives again exactly what an event touched.

use std::sync::{Arc, Mutex, PoisonError};

use super::TicketRows;
use super::derive::{Derived, derive};
use super::targets::Holds;
use crate::buckets::Micros;
use crate::facts::{Order, Person, Symbol, TicketIndex};
use crate::moment::Moment;

/// The rows of every ticket as they were last derived. What they followed from is remembered with them; a ticket is
/// derived anew when any of it has changed, or when time alone has changed it (a target fell due).
#[derive(Debug, Default)]
pub struct Ledger {
    known: Mutex<Vec<Option<Known>>>,
}

#[derive(Debug)]
struct Known {
    basis: Basis,
    holds: Holds,
    /// None: the ticket is in no figure.
    rows: Option<Arc<TicketRows>>,
}

/// Everything that rows follow from, in numbers that differ when it does.
#[derive(Debug, PartialEq)]
struct Basis {
    opening: Option<(Micros, Order)>,
    root: TicketIndex,
    merged: bool,
    /// Revision of the timeline of the root, when that is another ticket: spam takes its sources out.
    root_revision: u32,
    /// The ticket and all its sources.
    revisions: Vec<(TicketIndex, u32)>,
    /// Of the customer, who that was at the opening, and of the policies.
    customer: u32,
    survivor: Option<Symbol>,
    desk: u32,
}

impl Ledger {
    /// The rows of every ticket that is in figures as of `moment`, by index.
    pub fn rows(&self, moment: &Moment<'_>) -> Vec<Option<Arc<TicketRows>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let count = moment.facts().tickets().len();
        known.resize_with(count, || None);
        let indexes = 0..TicketIndex::try_from(count).unwrap_or(TicketIndex::MAX);
        indexes
            .zip(known.iter_mut())
            .map(|(index, known)| one(moment, index, known))
            .collect()
    }
}

/// The rows of every ticket as of `moment`, derived from nothing.
pub fn derive_all(moment: &Moment<'_>) -> Vec<Option<Arc<TicketRows>>> {
    let count = TicketIndex::try_from(moment.facts().tickets().len()).unwrap_or(TicketIndex::MAX);
    (0..count)
        .map(|index| derive(moment, index).map(|derived| Arc::new(derived.rows)))
        .collect()
}

fn one(moment: &Moment<'_>, index: TicketIndex, known: &mut Option<Known>) -> Option<Arc<TicketRows>> {
    let basis = Basis::of(moment, index);
    let as_of = moment.as_of();
    if let Some(known) = known.as_ref()
        && known.basis == basis
        && known.holds.from <= as_of
        && as_of <= known.holds.until
    {
        return known.rows.clone();
    }
    let (latest, all_in) = latest(moment, &basis, index);
    let derived = derive(moment, index);
    let holds = derived.as_ref().map_or(
        Holds {
            from: Micros::MIN,
            until: Micros::MAX,
        },
        |derived| derived.holds,
    );
    let rows = derived.map(|Derived { rows, .. }| Arc::new(rows));
    // The past is asked for seldom; what is remembered is how things stand with all that is known.
    if all_in {
        let holds = Holds {
            from: holds.from.max(latest),
            until: holds.until,
        };
        *known = Some(Known {
            basis,
            holds,
            rows: rows.clone(),
        });
    }
    rows
}

/// The time of the latest thing that rows of a ticket follow from, and whether all of it is in by the moment.
fn latest(moment: &Moment<'_>, basis: &Basis, index: TicketIndex) -> (Micros, bool) {
    let tickets = moment.facts().tickets();
    let last_of = |index: TicketIndex| {
        let ticket = tickets.get(index as usize)?;
        let opened = ticket.opening.as_ref().map(|opening| opening.at);
        opened.max(ticket.timeline.all().last().map(|entry| entry.at))
    };
    let own = basis.revisions.iter().filter_map(|(index, _)| last_of(*index)).max();
    let told = person(moment, index).and_then(Person::last);
    let latest = own.max(last_of(basis.root)).max(told).unwrap_or(Micros::MIN);
    (latest, latest <= moment.as_of())
}

fn person<'a>(moment: &Moment<'a>, index: TicketIndex) -> Option<&'a Person> {
    let facts = moment.facts();
    let opening = facts.tickets().get(index as usize)?.opening.as_ref()?;
    facts.person(moment.survivor(opening.customer?, opening.at))
}

impl Basis {
    fn of(moment: &Moment<'_>, index: TicketIndex) -> Self {
        let facts = moment.facts();
        let tickets = facts.tickets();
        let revision = |index: TicketIndex| {
            let ticket = tickets.get(index as usize);
            ticket.map_or(0, |ticket| ticket.timeline.revision())
        };
        let opening = tickets.get(index as usize).and_then(|ticket| ticket.opening.as_ref());
        let sources = moment.sources(index).iter();
        let revisions = std::iter::once(&index)
            .chain(sources)
            .map(|index| (*index, revision(*index)))
            .collect();
        let root = moment.root(index);
        Self {
            opening: opening.map(|opening| (opening.at, opening.order)),
            root,
            merged: moment.is_merged(index),
            root_revision: if root == index { 0 } else { revision(root) },
            revisions,
            customer: person(moment, index).map_or(0, Person::revision),
            survivor: opening.and_then(|opening| Some(moment.survivor(opening.customer?, opening.at))),
            desk: facts.desk().revision(),
        }
    }
}
