//! How long it took until matters were solved, and who was to act meanwhile.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::rows::{Solve, TicketRows, Took};
use crate::view::View;

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "solved: the last solve was in the period and the ticket is still solved; open: created in the period, neither \
                  solved nor closed",
    actor_rule: "whoever set the status; the agent is the one it was assigned to at the solve, the queue the one it was in",
    calendar_rule: "elapsed seconds; on the business clock those in which the ticket's calendar was open, and only tickets that have one",
    null_rule: "no ticket was solved",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const FIRST_RESOLUTION_TIME: Kpi = Kpi {
    id: "first_resolution_time",
    title: "First resolution time",
    formula: "opening → first solve, whatever follows; mean, median, 90th, 95th and 99th percentile",
    cohort_rule: "solve: the first solve was in the period, solved now or not; open: created in the period, without any solve, not closed",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(first_resolution),
    }],
    ..BASE
};

pub const FULL_RESOLUTION_TIME: Kpi = Kpi {
    id: "full_resolution_time",
    title: "Full resolution time",
    formula: "opening → last solve of tickets that are solved now; mean, median, 90th, 95th and 99th percentile",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(full_resolution),
    }],
    ..BASE
};

pub const AVERAGE_RESOLUTION_TIME: Kpi = Kpi {
    id: "average_resolution_time",
    title: "Average resolution time",
    formula: "sum of full resolution times ÷ number of tickets solved in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(full_resolution),
    }],
    ..BASE
};

pub const AGENT_WORK_TIME: Kpi = Kpi {
    id: "agent_work_time",
    title: "Agent work time",
    formula: "time in new and open until the last solve",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(agent_work),
    }],
    ..BASE
};

pub const CUSTOMER_WAIT_TIME: Kpi = Kpi {
    id: "customer_wait_time",
    title: "Customer wait time",
    formula: "time in new, open and on hold until the last solve",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(customer_wait),
    }],
    ..BASE
};

pub const ON_HOLD_TIME: Kpi = Kpi {
    id: "on_hold_time",
    title: "On-hold time",
    formula: "time on hold until the last solve",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(on_hold),
    }],
    ..BASE
};

fn first_resolution<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(solve) = ticket.life.solves.first() {
            found(at_solve(view, ticket, solve, Outcome::Took(solve.took)));
        } else if !ticket.over() {
            found(unsolved(view, ticket));
        }
    }
}

fn full_resolution<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |_, solve| Outcome::Took(solve.took), found);
}

fn agent_work<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |ticket, _| Outcome::Took(ticket.life.work), found);
}

fn customer_wait<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    let both = |ticket: &TicketRows, _: &Solve| {
        let (work, on_hold) = (ticket.life.work, ticket.life.on_hold);
        let business = work.business.zip(on_hold.business);
        Outcome::Took(Took {
            elapsed: work.elapsed + on_hold.elapsed,
            business: business.map(|(work, on_hold)| work + on_hold),
        })
    };
    each(view, both, found);
}

fn on_hold<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |ticket, _| Outcome::Took(ticket.life.on_hold), found);
}

/// One observation for every ticket that is solved now, at its last solve, and one for every one that is open.
pub fn each<'v>(
    view: &'v View<'v>,
    outcome: fn(&TicketRows, &Solve) -> Outcome,
    found: &mut dyn FnMut(Observation<'v>),
) {
    for ticket in view.tickets() {
        if let Some(solve) = ticket.standing_solve() {
            found(at_solve(view, ticket, solve, outcome(ticket, solve)));
        } else if !ticket.over() {
            found(unsolved(view, ticket));
        }
    }
}

fn at_solve<'v>(view: &View<'v>, ticket: &'v TicketRows, solve: &Solve, outcome: Outcome) -> Observation<'v> {
    let dimensions = view.dimensions_at(ticket, solve.by, solve.at);
    Observation::of(ticket, solve.at, dimensions, outcome)
}

fn unsolved<'v>(view: &View<'v>, ticket: &'v TicketRows) -> Observation<'v> {
    Observation::of(ticket, ticket.opened_at, view.dimensions(ticket), Outcome::Open)
}
