//! How much customers solve without an agent.

use super::{DIMENSIONS, Dimensions, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::moment::Moment;

pub const KPI: Kpi = Kpi {
    id: "self_service_rate",
    version: 1,
    title: "Self-service rate",
    formula: "(tickets solved that no agent handled + help-centre sessions solved and not escalated) ÷ (all tickets solved + those \
              sessions) × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "solved: the last solve of a ticket that is solved now; the last time a session was solved",
    actor_rule: "an agent handled a ticket who wrote any message in it (a note too), set a status, accepted it from a queue or wrapped \
                 it up; being assigned is not handling; the agent is the one it was assigned to at the solve, sessions have none",
    calendar_rule: "schedules do not matter",
    null_rule: "no ticket and no session was solved in the period",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        measure: Measure::Share,
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
                outcome: Outcome::Hit(!case.handled_by_agent()),
            });
        }
    }
    for session in moment.facts().sessions() {
        let known = |at: &&i64| **at <= moment.as_of();
        if session.escalated.iter().any(|at| known(&at)) {
            continue;
        }
        if let Some(at) = session.solved.iter().rev().find(known) {
            found(Observation {
                at: *at,
                dimensions: moment.dimensions_of(session.customer, None, *at),
                outcome: Outcome::Hit(true),
            });
        }
    }
}
