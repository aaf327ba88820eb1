//! What contributed to a value.

use vorrang_api::analytics::v1::KpiItem;

use super::timestamp;
use crate::dimensions::Dimension;
use crate::kpis::{Kpi, Subject};
use crate::query::{Cause, Contribution};
use crate::view::View;

/// One thing.
pub fn item(view: &View<'_>, kpi: &Kpi, one: &Contribution<'_>) -> KpiItem {
    let strings = view.facts().strings();
    let of_things = kpi.dimensions.iter().filter(|dimension| **dimension != Dimension::Tag);
    let dimensions = of_things.filter_map(|dimension| {
        let value = one.dimensions.get(*dimension)?;
        Some((dimension.name().to_owned(), strings.text(value).to_owned()))
    });
    KpiItem {
        subject: match one.cause {
            Cause::Subject(subject) => name(view, subject),
            Cause::Factor(factor) => factor.to_owned(),
        },
        at: one.at.and_then(timestamp),
        dimensions: dimensions.collect(),
        tags: one
            .dimensions
            .tags
            .iter()
            .map(|tag| strings.text(*tag).to_owned())
            .collect(),
        value: one.value,
        count: one.share.count,
        sum: one.share.sum,
        numerator: one.share.numerator,
        denominator: one.share.denominator,
        open_count: one.share.open,
    }
}

/// The name of what a figure is about. Nobody's, of a customer who was erased.
fn name(view: &View<'_>, subject: Subject) -> String {
    let facts = view.facts();
    let symbol = match subject {
        Subject::Ticket(index) => facts.tickets().get(index as usize).and_then(|ticket| ticket.id),
        Subject::Customer(customer) => view.moment().customer(Some(customer)),
        Subject::Session(symbol) | Subject::Agent(symbol) | Subject::Channel(symbol) => Some(symbol),
    };
    symbol.map_or_else(String::new, |symbol| facts.strings().text(symbol).to_owned())
}
