//! Visits of the help centre, and whether they kept a contact away (D43). Pure.

use std::collections::HashMap;

use crate::buckets::Micros;
use crate::facts::{SessionStep, Symbol};
use crate::view::View;

/// How long after a visit a contact of the same customer counts as its consequence.
const WINDOW: Micros = 24 * 3_600 * 1_000_000;

/// One visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visits {
    /// Its id.
    pub session: Symbol,
    /// The customer, once anything of it named one; else that of the ticket it led to.
    pub customer: Option<Symbol>,
    /// Its first line.
    pub begun_at: Micros,
    /// Times at which the visitor said that it is solved.
    pub solved: Vec<Micros>,
    /// Whether it was handed over to people.
    pub escalated: bool,
    /// Whether anything was solved or read.
    pub positive: bool,
    /// Whether the customer wrote while it went on or within the window after it, or it was escalated.
    pub contacted: bool,
    /// Whether the window is over.
    pub over: bool,
}

/// All visits as of the moment of `view`, by the symbol of their id.
pub fn all(view: &View<'_>) -> Vec<Visits> {
    let facts = view.facts();
    let moment = view.moment();
    let mut written: HashMap<Symbol, Vec<Micros>> = HashMap::new();
    for ticket in view.contacts() {
        if let Some(customer) = ticket.base.customer {
            let survivor = moment.survivor(customer, Micros::MAX);
            written.entry(survivor).or_default().extend(&ticket.written);
        }
    }
    let mut found = Vec::new();
    for (id, session) in facts.sessions() {
        let steps = session.until(view.as_of());
        let (Some((begun_at, ..)), Some((last_at, ..))) = (steps.first(), steps.last()) else {
            continue;
        };
        let named = steps.iter().find_map(|(_, _, visit)| visit.customer);
        let of_ticket = || {
            let ticket = steps.iter().find_map(|(_, _, visit)| visit.ticket)?;
            facts.tickets().get(ticket as usize)?.opening.as_ref()?.customer
        };
        let customer = named.or_else(of_ticket);
        let did = |step: SessionStep| {
            steps
                .iter()
                .filter(move |(_, _, visit)| visit.step == step)
                .map(|(at, ..)| *at)
        };
        let escalated = did(SessionStep::Escalated).next().is_some();
        let ends_at = last_at.saturating_add(WINDOW);
        let survivor = customer.map(|customer| moment.survivor(customer, Micros::MAX));
        let wrote = survivor
            .and_then(|customer| written.get(&customer))
            .is_some_and(|times| times.iter().any(|at| (*begun_at..=ends_at).contains(at)));
        found.push(Visits {
            session: id,
            customer,
            begun_at: *begun_at,
            solved: did(SessionStep::Solved).collect(),
            escalated,
            positive: did(SessionStep::Solved)
                .chain(did(SessionStep::Viewed))
                .next()
                .is_some(),
            contacted: escalated || wrote,
            over: ends_at <= view.as_of(),
        });
    }
    found.sort_unstable_by_key(|visit| visit.session);
    found
}
