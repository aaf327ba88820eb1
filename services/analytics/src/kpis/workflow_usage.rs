//! What is used, and whether it helps (D30).

use std::collections::BTreeSet;

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Parts, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::facts::{Symbol, Workflow};
use crate::query::{Answer, Cells, Part, Query};
use crate::rows::{Holder, TicketRows};
use crate::view::View;

pub const KPI: Kpi = Kpi {
    id: "workflow_usage",
    version: 1,
    title: "Workflow usage",
    formula: "times each macro, automation and SLA policy was applied, numerator the number of tickets; rows by workflow and id. Variant \
              share: of the tickets created in the period those it was ever applied to × 100. Variant time_to_solve: full resolution \
              time of the tickets solved in the period, rows also by used true and false",
    unit: Unit::Count,
    direction: Direction::Neutral,
    cohort_rule: "event: applied in the period (share: created, time_to_solve: solved in it); what was applied to a merged ticket is \
                  its target's",
    actor_rule: "no agent (time_to_solve: the one it was assigned to at the solve)",
    calendar_rule: "elapsed seconds; on the business clock only tickets with a calendar (time_to_solve)",
    null_rule: "never null; nothing used is 0 (share: no ticket was created, time_to_solve: none was solved)",
    dimensions: DIMENSIONS,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Count,
            measure: Measure::Count,
            observe: Observe::Answers(times),
        },
        Variant {
            id: "share",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Answers(share),
        },
        Variant {
            id: "time_to_solve",
            unit: Unit::Seconds,
            measure: Measure::Duration,
            observe: Observe::Answers(time_to_solve),
        },
    ],
};

/// What a variant's value is made of.
pub fn parts(variant: &str) -> Option<Parts> {
    Some(match variant {
        "" => Parts::Uses(all_uses),
        "share" => Parts::Events(all_created, Measure::Share),
        "time_to_solve" => Parts::Events(all_solved, Measure::Duration),
        _ => return None,
    })
}

fn all_uses<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        for usage in &ticket.uses {
            let by = Holder {
                agent: None,
                queue: usage.queue,
            };
            let dimensions = view.dimensions_at(ticket, by, usage.at);
            found(Observation::of(ticket, usage.at, dimensions, Outcome::Happened));
        }
    }
}

fn all_created<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        found(created(view, ticket));
    }
}

fn created<'v>(view: &'v View<'v>, ticket: &'v TicketRows) -> Observation<'v> {
    let hit = Outcome::Hit(!ticket.uses.is_empty());
    Observation::of(ticket, ticket.opened_at, view.dimensions(ticket), hit)
}

fn all_solved<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(observation) = solved(view, ticket) {
            found(observation);
        }
    }
}

fn solved<'v>(view: &'v View<'v>, ticket: &'v TicketRows) -> Option<Observation<'v>> {
    let solve = ticket.standing_solve()?;
    let dimensions = view.dimensions_at(ticket, solve.by, solve.at);
    Some(Observation::of(ticket, solve.at, dimensions, Outcome::Took(solve.took)))
}

fn times(view: &View<'_>, query: &Query<'_>) -> Answer {
    let mut cells = Cells::with_own(view, query, &["workflow", "id"]);
    for ticket in view.tickets() {
        for usage in &ticket.uses {
            let by = Holder {
                agent: None,
                queue: usage.queue,
            };
            let dimensions = view.dimensions_at(ticket, by, usage.at);
            let observation = Observation::of(ticket, usage.at, dimensions, Outcome::Happened);
            if cells.is_inside(&observation) && cells.fits(&observation) {
                cells.total(&observation);
                cells.own_row(
                    &observation,
                    &[Part::Word(usage.workflow.as_str()), Part::Text(usage.id)],
                );
            }
        }
    }
    let (total, rows) = cells.finish();
    let figures = |tally: crate::query::Tally| {
        let tickets = tally.subjects() as f64;
        let mut figures = tally.figures(Measure::Count);
        figures.numerator = Some(tickets);
        figures
    };
    let rows = rows.into_iter().map(|(mut row, tally)| {
        row.figures = figures(tally);
        row
    });
    let rows = rows.collect();
    Answer {
        total: figures(total),
        rows,
    }
}

/// What was ever applied to a ticket.
fn used(ticket: &TicketRows) -> BTreeSet<(Workflow, Symbol)> {
    ticket.uses.iter().map(|usage| (usage.workflow, usage.id)).collect()
}

fn share(view: &View<'_>, query: &Query<'_>) -> Answer {
    let mut all = Vec::new();
    for ticket in view.tickets() {
        all.push((ticket, created(view, ticket)));
    }
    by_workflow(
        view,
        query,
        &["workflow", "id"],
        &all,
        |cells, observation, workflow, id, is_used| {
            let of_one = Observation {
                outcome: Outcome::Hit(is_used),
                ..*observation
            };
            cells.own_row(&of_one, &[Part::Word(workflow.as_str()), Part::Text(id)]);
        },
    )
}

fn time_to_solve(view: &View<'_>, query: &Query<'_>) -> Answer {
    let mut all = Vec::new();
    for ticket in view.tickets() {
        if let Some(observation) = solved(view, ticket) {
            all.push((ticket, observation));
        }
    }
    by_workflow(
        view,
        query,
        &["workflow", "id", "used"],
        &all,
        |cells, observation, workflow, id, is_used| {
            let word = Part::Word(if is_used { "true" } else { "false" });
            cells.own_row(observation, &[Part::Word(workflow.as_str()), Part::Text(id), word]);
        },
    )
}

/// Puts every ticket into the rows of everything that is used on any of them.
fn by_workflow<'v>(
    view: &'v View<'v>,
    query: &Query<'_>,
    own: &'static [&'static str],
    all: &[(&TicketRows, Observation<'v>)],
    put: fn(&mut Cells<'v, '_>, &Observation<'v>, Workflow, Symbol, bool),
) -> Answer {
    let mut cells = Cells::with_own(view, query, own);
    let mut wanted = Vec::new();
    for (ticket, observation) in all {
        if cells.is_inside(observation) && cells.fits(observation) {
            wanted.push((used(ticket), observation));
        }
    }
    let everything: BTreeSet<(Workflow, Symbol)> = wanted.iter().flat_map(|(used, _)| used.iter().copied()).collect();
    for (used, observation) in wanted {
        cells.total(observation);
        for (workflow, id) in &everything {
            put(
                &mut cells,
                observation,
                *workflow,
                *id,
                used.contains(&(*workflow, *id)),
            );
        }
    }
    cells.answer(query.variant.measure)
}
