//! Answers a question about a key figure: picks the period, splits, filters, and adds up. Pure.
//!
//! The same code serves every KPI, so that a total, its rows and an interval mean the same everywhere.
//! Sums are of whole numbers and quantiles of values in order: the same facts give the same bits, whatever the order of arrival, and
//! whether they come from roll-ups or from rows.

mod cells;
mod explain;
mod figures;
mod shares;
mod sorted;
mod sums;
mod tally;

use chrono_tz::Tz;

pub use cells::Part;
pub(crate) use cells::{Cells, Wanted, keys_of, spans, told, wanted};
pub use explain::{Item, add_up, explain};
pub use figures::{Figures, Named};
pub use shares::{Cause, Contribution, Share, contributions};
pub(crate) use sums::{Sign, Sums, figures, per_agent};
pub(crate) use tally::Tally;

use crate::buckets::{Grain, Micros};
use crate::dimensions::Dimension;
use crate::kpis::{Clock, Kpi, Observe, Source, Variant};
use crate::view::View;

/// A question about one key figure.
#[derive(Clone)]
pub struct Query<'a> {
    /// Which figure.
    pub kpi: &'static Kpi,
    /// Which variant of it.
    pub variant: &'static Variant,
    /// Which seconds count; figures that measure no duration are the same on both clocks.
    pub clock: Clock,
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Over all rows.
    pub total: Figures,
    /// By bucket, then key; none when nothing was split. Rows without any observation are left out.
    pub rows: Vec<Row>,
}

/// One row of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Start of the bucket, cut to the period; None without a grain.
    pub bucket: Option<Micros>,
    /// Name of the bucket, for example `2026-W13`.
    pub label: Option<String>,
    /// The values of the dimensions asked for, in the order asked; None: none.
    pub key: Vec<Option<String>>,
    /// What the figure itself splits by: names and values.
    pub own: Vec<(&'static str, Option<String>)>,
    /// The values.
    pub figures: Figures,
}

/// Answers `query` from what is known at the moment of `view`.
pub fn run<'v>(view: &'v View<'v>, query: &Query<'_>) -> Answer {
    if let Observe::Answers(answer) = query.variant.observe {
        return answer(view, query);
    }
    if query.variant.source() == Source::RollUps
        && let Some(answer) = view.rolled_up(query)
    {
        return answer;
    }
    if let Observe::Events(_) = query.variant.observe
        && let Some(part) = view.within(query.from, query.to)
    {
        return read(&part, query);
    }
    read(view, query)
}

/// Answers from rows.
fn read<'v>(view: &'v View<'v>, query: &Query<'_>) -> Answer {
    let mut cells = Cells::new(view, query);
    observe(view, query, &mut cells);
    cells.answer(query.variant.measure)
}

/// Puts every observation of the period into its cells.
fn observe<'v>(view: &'v View<'v>, query: &Query<'_>, cells: &mut Cells<'v, '_>) {
    match query.variant.observe {
        Observe::Events(events) | Observe::Gathered(events) => {
            events(view, &mut |observation| cells.add(observation));
        }
        Observe::Levels(levels) => {
            // Each end: the bucket it ends, and the instant at which is counted: what is dated before it is in.
            let now = view.as_of().saturating_add(1);
            let ends: Vec<(Option<Micros>, Micros)> = match query.grain {
                Some(grain) => {
                    let spans = spans(query, grain).into_iter();
                    spans.map(|span| (Some(span.start), span.end.min(now))).collect()
                }
                None => Vec::new(),
            };
            let end = query.to.min(now);
            levels(view, &mut |level, dimensions, subject| {
                cells.level(end, &ends, level, dimensions, subject);
            });
        }
        Observe::Stretches(stretches) => stretches(view, &mut |stretch| cells.stretch(stretch)),
        Observe::Cohorts(cohort) => {
            cohort(view, query.from, query.to, &mut |observation| {
                cells.total(&observation);
                if query.grain.is_none() {
                    cells.row(None, &observation);
                }
            });
            for span in query.grain.map_or_else(Vec::new, |grain| spans(query, grain)) {
                cohort(view, span.start, span.end, &mut |observation| {
                    cells.row(Some(span.start), &observation);
                });
            }
        }
        Observe::Answers(_) => {}
    }
}

#[cfg(test)]
mod tests;
