//! How long a contact waited in a queue.

use super::{DIMENSIONS, Dimensions, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::moment::{End, Moment};

pub const KPI: Kpi = Kpi {
    id: "queue_wait_time",
    version: 1,
    title: "Queue wait time",
    formula: "entered a queue → accepted by an agent; moving a contact forward or to another queue never changes it; mean, median, \
              90th, 95th and 99th percentile",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "event: accepted in the period; open: entered in the period and still waiting",
    actor_rule: "the agent is the one who accepted; the queue is the last one of the wait",
    calendar_rule: "elapsed seconds",
    null_rule: "nothing was accepted from a queue in the period",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        measure: Measure::Mean,
        observe,
    }],
};

fn observe(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    for case in moment.contacts() {
        for stay in case.stays() {
            let queue = stay.queue;
            match stay.end {
                End::Accepted { at, agent } => found(Observation {
                    at,
                    dimensions: Dimensions {
                        queue,
                        ..case.dimensions_by(agent, at)
                    },
                    outcome: Outcome::Took(at - stay.entered_at),
                }),
                End::Waiting => found(Observation {
                    at: stay.entered_at,
                    dimensions: Dimensions {
                        queue,
                        ..case.dimensions()
                    },
                    outcome: Outcome::Open,
                }),
                End::Left { .. } => {}
            }
        }
    }
}
