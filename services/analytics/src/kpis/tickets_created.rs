//! How many matters customers came with.

use super::{DIMENSIONS, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::moment::Moment;

pub const KPI: Kpi = Kpi {
    id: "tickets_created",
    version: 1,
    title: "Tickets created",
    formula: "number of tickets opened in the period; spam, deleted and merged tickets are not counted",
    unit: Unit::Count,
    direction: Direction::Neutral,
    cohort_rule: "created: the ticket was opened in the period",
    actor_rule: "tickets opened by anybody; the agent is the one who opened it, if an agent did",
    calendar_rule: "schedules do not matter",
    null_rule: "never null: no ticket is 0",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        measure: Measure::Count,
        observe,
    }],
};

fn observe(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    for case in moment.cases() {
        let at = case.opening.at;
        found(Observation {
            at,
            dimensions: case.dimensions_by(case.opening.agent, at),
            outcome: Outcome::Happened,
        });
    }
}
