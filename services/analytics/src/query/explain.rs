//! What a value is made of: the things that contributed, each with its share. They add up to the value.

use super::tally::Tally;
use super::{Cells, Figures, Query};
use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::kpis::{Measure, Observation, Observe, Outcome, Subject};
use crate::view::View;

/// One thing that contributed to a value.
#[derive(Debug, Clone, Copy)]
pub struct Item<'v> {
    /// What it is about.
    pub subject: Subject,
    /// The time that decides to which period it belongs.
    pub at: Micros,
    /// Whose and what kind.
    pub dimensions: Dimensions<'v>,
    /// What it contributed.
    pub outcome: Outcome,
}

/// Everything that contributed to the total of `query`, by time, then by what it is about; None for a figure that compares or
/// combines others, whose parts are figures of their own.
pub fn explain<'v>(view: &'v View<'v>, query: &Query<'_>) -> Option<Vec<Item<'v>>> {
    let cells = Cells::new(view, query);
    let mut items: Vec<Item<'v>> = Vec::new();
    let item = |observation: Observation<'v>| Item {
        subject: observation.subject,
        at: observation.at,
        dimensions: observation.dimensions,
        outcome: observation.outcome,
    };
    match query.variant.observe {
        Observe::Events(events) | Observe::Gathered(events) => events(view, &mut |observation| {
            if cells.is_inside(&observation) && cells.fits(&observation) {
                items.push(item(observation));
            }
        }),
        Observe::Levels(levels) => {
            let end = query.to.min(view.as_of().saturating_add(1));
            levels(view, &mut |level, dimensions, subject| {
                let observation = Observation::apart(subject, level.from, dimensions, Outcome::Happened);
                if level.from < end && end <= level.to && cells.fits(&observation) {
                    items.push(item(observation));
                }
            });
        }
        Observe::Stretches(stretches) => stretches(view, &mut |stretch| {
            let pieces = cells.pieces(&stretch).into_iter();
            items.extend(pieces.filter(|piece| cells.fits(piece)).map(item));
        }),
        Observe::Cohorts(cohort) => cohort(view, query.from, query.to, &mut |observation| {
            if cells.fits(&observation) {
                items.push(item(observation));
            }
        }),
        Observe::Answers(_) => return None,
    }
    items.sort_by_key(|item| (item.at, item.subject));
    Some(items)
}

/// As [`explain`], of events that are given.
pub fn of_events<'v>(
    view: &'v View<'v>,
    query: &Query<'_>,
    events: for<'a> fn(&'a View<'a>, &mut dyn FnMut(Observation<'a>)),
) -> Vec<Item<'v>> {
    let cells = Cells::new(view, query);
    let mut items: Vec<Item<'v>> = Vec::new();
    events(view, &mut |observation| {
        if cells.is_inside(&observation) && cells.fits(&observation) {
            items.push(Item {
                subject: observation.subject,
                at: observation.at,
                dimensions: observation.dimensions,
                outcome: observation.outcome,
            });
        }
    });
    items.sort_by_key(|item| (item.at, item.subject));
    items
}

/// The figures that `items` add up to.
pub fn add_up(items: &[Item<'_>], query: &Query<'_>) -> Figures {
    let mut tally = Tally::new(query.clock);
    for item in items {
        tally.add(&Observation::apart(
            item.subject,
            item.at,
            item.dimensions,
            item.outcome,
        ));
    }
    let measure: Measure = query.variant.measure;
    tally.figures(measure)
}
