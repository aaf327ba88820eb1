//! How many tickets are solved.

use super::{DIMENSIONS, Dimensions, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::moment::Moment;

pub const KPI: Kpi = Kpi {
    id: "tickets_solved",
    version: 1,
    title: "Tickets solved",
    formula: "number of tickets that are solved now and whose last solve was in the period; a reopened ticket leaves the count \
              until it is solved again",
    unit: Unit::Count,
    direction: Direction::Higher,
    cohort_rule: "solved: the last solve of a ticket that is solved now",
    actor_rule: "solved by anybody; the agent is the one it was assigned to at that solve, whoever set the status",
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
        if let Some(solve) = case.life().standing_solve() {
            found(Observation {
                at: solve.at,
                dimensions: Dimensions {
                    queue: solve.queue,
                    ..case.dimensions_by(solve.agent, solve.at)
                },
                outcome: Outcome::Happened,
            });
        }
    }
}
