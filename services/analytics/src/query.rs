//! Answers a question about a key figure: picks the period, splits, filters, and adds up. Pure.
//!
//! The same code serves every KPI, so that a total, its rows and an interval mean the same everywhere.
//! Means and sums are over sorted values: the same facts give the same bits, whatever the order of arrival.

mod figures;

use std::collections::BTreeMap;

use chrono_tz::Tz;

pub use figures::Figures;
use figures::Tally;

use crate::buckets::{Axis, Grain, Micros};
use crate::facts::{Facts, Symbol};
use crate::kpis::{Dimension, Kpi, Variant};
use crate::moment::Moment;

/// A question about one key figure.
pub struct Query<'a> {
    /// Which figure.
    pub kpi: &'static Kpi,
    /// Which variant of it.
    pub variant: &'static Variant,
    /// First instant of the period.
    pub from: Micros,
    /// First instant after it.
    pub to: Micros,
    /// Of the buckets.
    pub zone: Tz,
    /// Split by time.
    pub grain: Option<Grain>,
    /// Split by these.
    pub by: &'a [Dimension],
    /// Only what matches all of these.
    pub filters: &'a [Filter],
}

/// Keeps what has one of the values; None among them keeps what has no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The dimension.
    pub dimension: Dimension,
    /// The values.
    pub values: Vec<Option<String>>,
}

/// The answer: the total, and the rows when the question split it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Over all rows.
    pub total: Figures,
    /// By bucket, then key; none when nothing was split. Rows without any observation are left out.
    pub rows: Vec<Row>,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Start of the bucket, cut to the period; None without a grain.
    pub bucket: Option<Micros>,
    /// Name of the bucket, for example `2026-W13`.
    pub label: Option<String>,
    /// The values of the dimensions asked for, in the order asked; None: none.
    pub key: Vec<Option<String>>,
    /// The values.
    pub figures: Figures,
}

/// Answers `query` from the facts at `moment`.
pub fn run(moment: &Moment<'_>, query: &Query<'_>) -> Answer {
    let facts = moment.facts();
    let filters = known(facts, query.filters);
    let split = query.grain.is_some() || !query.by.is_empty();
    let mut axis = query.grain.map(|grain| Axis::new(query.zone, grain));
    let mut total = Tally::default();
    let mut rows: BTreeMap<(Option<Micros>, Vec<Option<&str>>), Tally> = BTreeMap::new();
    (query.variant.observe)(moment, &mut |observation| {
        let inside = query.from <= observation.at && observation.at < query.to;
        let wanted = filters
            .iter()
            .all(|(dimension, values)| values.contains(&observation.dimensions.get(*dimension)));
        if !inside || !wanted {
            return;
        }
        total.add(observation.outcome);
        if split {
            let bucket = axis.as_mut().map(|axis| axis.start_of(observation.at));
            let key = query
                .by
                .iter()
                .map(|dimension| observation.dimensions.get(*dimension))
                .map(|value| value.map(|symbol| facts.strings().text(symbol)))
                .collect();
            rows.entry((bucket, key)).or_default().add(observation.outcome);
        }
    });
    let rows = rows
        .into_iter()
        .map(|((bucket, key), tally)| Row {
            bucket: bucket.map(|start| start.max(query.from)),
            label: bucket
                .and_then(|start| axis.as_ref()?.bucket(start))
                .map(|bucket| bucket.label.clone()),
            key: key.into_iter().map(|value| value.map(str::to_owned)).collect(),
            figures: tally.figures(query.variant.measure),
        })
        .collect();
    Answer {
        total: total.figures(query.variant.measure),
        rows,
    }
}

/// Filters in symbols. A value that occurs nowhere matches nothing and is left out.
fn known(facts: &Facts, filters: &[Filter]) -> Vec<(Dimension, Vec<Option<Symbol>>)> {
    filters
        .iter()
        .map(|filter| {
            let values = filter
                .values
                .iter()
                .filter_map(|value| match value {
                    None => Some(None),
                    Some(text) => facts.strings().find(text).map(Some),
                })
                .collect();
            (filter.dimension, values)
        })
        .collect()
}

#[cfg(test)]
mod tests;
