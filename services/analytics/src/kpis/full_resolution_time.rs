//! How long it took until the matter was settled.

use super::{DIMENSIONS, Dimensions, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::moment::Moment;

pub const KPI: Kpi = Kpi {
    id: "full_resolution_time",
    version: 1,
    title: "Full resolution time",
    formula: "ticket opened → its last solve; mean, median, 90th, 95th and 99th percentile",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "solved: the last solve of a ticket that is solved now; open: opened in the period, neither solved nor closed",
    actor_rule: "solved by anybody; the agent is the one it was assigned to at that solve, whoever set the status",
    calendar_rule: "elapsed seconds",
    null_rule: "no ticket solved in the period",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        measure: Measure::Mean,
        observe,
    }],
};

fn observe(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    for case in moment.cases() {
        let life = case.life();
        if let Some(solve) = life.standing_solve() {
            found(Observation {
                at: solve.at,
                dimensions: Dimensions {
                    queue: solve.queue,
                    ..case.dimensions_by(solve.agent, solve.at)
                },
                outcome: Outcome::Took(solve.at - case.opening.at),
            });
        } else if !life.over() {
            found(Observation {
                at: case.opening.at,
                dimensions: case.dimensions(),
                outcome: Outcome::Open,
            });
        }
    }
}
