//! Whether customers stay and come back.

use std::collections::BTreeMap;

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Subject, Unit, Variant};
use crate::buckets::Micros;
use crate::dimensions::{CUSTOMER, Dimensions};
use crate::facts::{Order, Person, Symbol};
use crate::view::View;

pub const RETENTION_RATE: Kpi = Kpi {
    id: "retention_rate",
    version: 1,
    title: "Retention rate",
    formula: "(customers at the end − those of them won in the period) ÷ customers at the start × 100. Variant repeat_purchase: \
              customers with an order in the period that is not their first ÷ customers with an order in it × 100; an order id \
              counts once a customer",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "both ends of the period: what is dated before them; a customer of whom no line of their own is known is in neither",
    actor_rule: "the customer, with the dimensions of the end of the period",
    calendar_rule: "schedules do not matter",
    null_rule: "there was no customer at the start (repeat_purchase: no order in the period)",
    dimensions: CUSTOMER,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Cohorts(retention),
        },
        Variant {
            id: "repeat_purchase",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Cohorts(repeat_purchases),
        },
    ],
};

/// Everybody, with those who were merged into them.
fn people<'v>(view: &'v View<'v>) -> BTreeMap<Symbol, Vec<&'v Person>> {
    let mut people: BTreeMap<Symbol, Vec<&Person>> = BTreeMap::new();
    for (customer, person) in view.facts().people() {
        let survivor = view.moment().survivor(customer, Micros::MAX);
        people.entry(survivor).or_default().push(person);
    }
    people
}

fn dimensions_at(view: &View<'_>, customer: Symbol, end: Micros) -> Dimensions<'static> {
    view.moment().dimensions_of(customer, None, end.saturating_sub(1))
}

fn retention<'v>(view: &'v View<'v>, from: Micros, to: Micros, found: &mut dyn FnMut(Observation<'v>)) {
    let as_of = view.as_of();
    for (customer, persons) in people(view) {
        let mut comings: Vec<(Micros, Order, bool)> = persons.iter().flat_map(|person| person.comings(as_of)).collect();
        comings.sort_unstable();
        // What is dated before an end is in.
        let is_there = |end: Micros| {
            let last = comings.iter().rev().find(|(at, ..)| *at < end);
            last.is_some_and(|(_, _, came)| *came)
        };
        if is_there(from) {
            let dimensions = dimensions_at(view, customer, to);
            let outcome = Outcome::Hit(is_there(to));
            found(Observation::apart(
                Subject::Customer(customer),
                from,
                dimensions,
                outcome,
            ));
        }
    }
}

fn repeat_purchases<'v>(view: &'v View<'v>, from: Micros, to: Micros, found: &mut dyn FnMut(Observation<'v>)) {
    for (customer, persons) in people(view) {
        let mut orders: Vec<(Micros, Symbol)> = persons.iter().flat_map(|person| person.orders(view.as_of())).collect();
        orders.sort_unstable();
        let in_period = || orders.iter().enumerate().filter(|(_, (at, _))| (from..to).contains(at));
        if in_period().next().is_some() {
            let dimensions = dimensions_at(view, customer, to);
            let outcome = Outcome::Hit(in_period().any(|(place, _)| place > 0));
            found(Observation::apart(
                Subject::Customer(customer),
                from,
                dimensions,
                outcome,
            ));
        }
    }
}
