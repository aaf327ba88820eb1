//! How many matters there are.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Subject, Unit, Variant};
use crate::dimensions::{DIMENSIONS, Dimensions, TICKET};
use crate::rows::Level;
use crate::view::View;

pub const CREATED: Kpi = Kpi {
    id: "tickets_created",
    version: 1,
    title: "Tickets created",
    formula: "number of tickets opened in the period; spam, deleted and merged tickets are not counted",
    unit: Unit::Count,
    direction: Direction::Neutral,
    cohort_rule: "created: the ticket was opened in the period",
    actor_rule: "whoever opened it; the agent is the one who did, if an agent did",
    calendar_rule: "schedules do not matter",
    null_rule: "never null; nothing happened is 0",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Count,
        measure: Measure::Count,
        observe: Observe::Events(created),
    }],
};

pub const SOLVED: Kpi = Kpi {
    id: "tickets_solved",
    version: 1,
    title: "Tickets solved",
    formula: "number of tickets that are solved now and whose last solve was in the period; a reopened ticket leaves the count \
              until it is solved again",
    unit: Unit::Count,
    direction: Direction::Higher,
    cohort_rule: "solved: the last solve was in the period and the ticket is still solved",
    actor_rule: "whoever set the status; the agent is the one it was assigned to at the solve",
    calendar_rule: "schedules do not matter",
    null_rule: "never null; nothing happened is 0",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Count,
        measure: Measure::Count,
        observe: Observe::Events(solved),
    }],
};

pub const OPEN: Kpi = Kpi {
    id: "tickets_open",
    version: 1,
    title: "Tickets open",
    formula: "number of tickets that are neither solved nor closed, spam nor deleted at the end of the period or bucket: with \
              everything dated before it; at the moment of asking when that comes first",
    unit: Unit::Count,
    direction: Direction::Lower,
    cohort_rule: "point in time: the end of the bucket, without buckets that of the period",
    actor_rule: "agent and queue are those that had it at that moment",
    calendar_rule: "schedules do not matter",
    null_rule: "never null; nothing open is 0",
    dimensions: TICKET,
    variants: &[Variant {
        id: "",
        unit: Unit::Count,
        measure: Measure::Count,
        observe: Observe::Levels(open),
    }],
};

fn created<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        let at = ticket.opened_at;
        let dimensions = view.dimensions_by(ticket, ticket.opening_agent, at);
        found(Observation::of(ticket, at, dimensions, Outcome::Happened));
    }
}

fn solved<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(solve) = ticket.standing_solve() {
            let dimensions = view.dimensions_at(ticket, solve.by, solve.at);
            found(Observation::of(ticket, solve.at, dimensions, Outcome::Happened));
        }
    }
}

fn open<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Level, Dimensions<'v>, Subject)) {
    for ticket in view.tickets() {
        for level in &ticket.life.backlog {
            let dimensions = view.dimensions_at(ticket, level.by, level.from);
            found(*level, dimensions, Subject::Ticket(ticket.index));
        }
    }
}
