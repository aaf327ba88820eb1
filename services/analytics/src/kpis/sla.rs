//! Whether promises were kept.

use vorrang_sla::Metric;

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::view::View;

pub const SLA_ATTAINMENT: Kpi = Kpi {
    id: "sla_attainment",
    version: 1,
    title: "SLA attainment",
    formula: "targets met ÷ (met + missed) × 100, all together. Variants first_response, next_response, resolution: each metric. \
              Met or missed is decided by timestamps alone: at the due second it is still in time; a late answer or solve does not \
              erase a miss; what was solved in time with no reply owed is not counted",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "due: the target falls due in the period; open: running, due in it",
    actor_rule: "the agent is the author of the reply, for resolutions who had it at the first solve; without one who had it when \
                 it fell due, or has it now",
    calendar_rule: "each target on the clock of its policy; one on the business clock does not exist for a ticket without a calendar",
    null_rule: "nothing was due in the period",
    dimensions: DIMENSIONS,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(all),
        },
        Variant {
            id: "first_response",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(first_response),
        },
        Variant {
            id: "next_response",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(next_response),
        },
        Variant {
            id: "resolution",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(resolution),
        },
    ],
};

fn all<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    targets(view, None, found);
}

fn first_response<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    targets(view, Some(Metric::FirstResponse), found);
}

fn next_response<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    targets(view, Some(Metric::NextResponse), found);
}

fn resolution<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    targets(view, Some(Metric::Resolution), found);
}

fn targets<'v>(view: &'v View<'v>, metric: Option<Metric>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        for target in ticket
            .targets
            .iter()
            .chain(&ticket.paused)
            .filter(|target| metric.is_none_or(|metric| target.metric == metric))
        {
            let dimensions = view.dimensions_at(ticket, target.by, target.read_at);
            let outcome = target.met.map_or(Outcome::Open, Outcome::Hit);
            found(Observation::of(ticket, target.due_at, dimensions, outcome));
        }
    }
}
