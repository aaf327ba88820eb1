//! What somebody was over time.

use super::Order;
use super::bytes::{Broken, Keep};
use super::keep::{read_after, write_after};
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

    /// The first change after `as_of`.
    pub fn after(&self, as_of: Micros) -> Option<&(Micros, Order, T)> {
        self.0.get(self.until(as_of).len())
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

impl<T: Keep> Keep for Attribute<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.len().write(out);
        let mut before = 0;
        for (at, order, value) in &self.0 {
            write_after(*at, &mut before, out);
            order.write(out);
            value.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let many = usize::read(input)?;
        let mut changes = Vec::with_capacity(many.min(64));
        let mut before = 0;
        for _ in 0..many {
            let at = read_after(&mut before, input)?;
            changes.push((at, Keep::read(input)?, Keep::read(input)?));
        }
        Ok(Self(changes))
    }
}
