//! How long a customer waited for the first answer of a human.

use super::{DIMENSIONS, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Entry, Step, Symbol};
use crate::moment::Moment;

pub const KPI: Kpi = Kpi {
    id: "first_response_time",
    version: 1,
    title: "First response time",
    formula: "first customer message of the conversation → first public message of an agent after it; mean, median, 90th, 95th \
              and 99th percentile. Variant since_handoff: from the first handoff of automation to people",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "created: the ticket was opened in the period; open: unanswered, neither solved nor closed",
    actor_rule: "only an agent's public message is a reply, internal notes and automation never are; the agent is the author",
    calendar_rule: "elapsed seconds",
    null_rule: "nobody has been answered yet",
    dimensions: DIMENSIONS,
    variants: &[
        Variant {
            id: "",
            measure: Measure::Mean,
            observe: since_first_message,
        },
        Variant {
            id: "since_handoff",
            measure: Measure::Mean,
            observe: since_handoff,
        },
    ],
};

fn since_first_message(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    observe(moment, found, |step| {
        matches!(
            step,
            Step::Message {
                actor: ActorKind::Customer,
                ..
            }
        )
    });
}

fn since_handoff(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    observe(moment, found, |step| matches!(step, Step::Handoff));
}

fn observe(moment: &Moment<'_>, found: &mut dyn FnMut(Observation), begins: fn(&Step) -> bool) {
    for case in moment.cases() {
        let conversation = case.conversation();
        let mut entries = conversation.iter();
        // Without a beginning nothing is owed: no value, and not open either.
        let Some(begin) = entries.find(|entry| begins(&entry.step)) else {
            continue;
        };
        if let Some((at, agent)) = entries.find_map(reply) {
            found(Observation {
                at: case.opening.at,
                dimensions: case.dimensions_by(agent, at),
                outcome: Outcome::Took(at - begin.at),
            });
        } else if !case.life().over() {
            found(Observation {
                at: case.opening.at,
                dimensions: case.dimensions(),
                outcome: Outcome::Open,
            });
        }
    }
}

fn reply(entry: &Entry) -> Option<(Micros, Option<Symbol>)> {
    match entry.step {
        Step::Message {
            actor: ActorKind::Agent,
            public: true,
            id,
        } => Some((entry.at, id)),
        _ => None,
    }
}
