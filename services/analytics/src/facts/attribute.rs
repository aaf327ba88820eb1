//! What somebody was over time.

use super::Order;
use crate::buckets::Micros;

/// A value that changes: what it was at which moment, whatever the order in which the changes were told.
#[derive(Debug)]
pub struct Attribute<T>(Vec<(Micros, Order, T)>);

impl<T> Default for Attribute<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Attribute<T> {
    /// From `at` on it is `value`.
    pub fn set(&mut self, at: Micros, order: Order, value: T) {
        let place = self.0.partition_point(|(a, o, _)| (*a, *o) <= (at, order));
        self.0.insert(place, (at, order, value));
    }

    /// Every change by `as_of`, in order.
    pub fn until(&self, as_of: Micros) -> &[(Micros, Order, T)] {
        let end = self.0.partition_point(|(at, _, _)| *at <= as_of);
        self.0.get(..end).unwrap_or(&[])
    }

    /// The change in force at `at`; None before the first one.
    pub fn at(&self, at: Micros) -> Option<&(Micros, Order, T)> {
        self.until(at).last()
    }

    /// The first change there is.
    pub fn first(&self) -> Option<&(Micros, Order, T)> {
        self.0.first()
    }

    /// How many changes there are: rises with every change.
    pub fn revision(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}
