//! Visits of the help centre.

use super::attribute::Attribute;
use super::bytes::keep_fields;
use super::{Order, SessionStep, Symbol, TicketIndex};
use crate::buckets::Micros;

/// One thing done during a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// What.
    pub step: SessionStep,
    /// By whom, when it was said.
    pub customer: Option<Symbol>,
    /// Which ticket it led to, when it was said.
    pub ticket: Option<TicketIndex>,
}

/// A visit of the help centre: all that was done, by time.
#[derive(Debug, Default)]
pub struct Session {
    visits: Attribute<Visit>,
}

impl Session {
    pub(super) fn add(&mut self, at: Micros, order: Order, visit: Visit) {
        self.visits.set(at, order, visit);
    }

    /// What was done by `as_of`.
    pub fn until(&self, as_of: Micros) -> &[(Micros, Order, Visit)] {
        self.visits.until(as_of)
    }
}

keep_fields!(Session: visits);
