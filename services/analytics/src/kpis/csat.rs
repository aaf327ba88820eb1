//! What customers say when asked how satisfied they were.

use std::collections::{HashMap, hash_map};

use super::{DIMENSIONS, Dimensions, Direction, Kpi, Measure, Observation, Outcome, Unit, Variant};
use crate::buckets::Micros;
use crate::facts::{Entry, Order, Step, Survey};
use crate::moment::{Case, Life, Moment};

pub const KPI: Kpi = Kpi {
    id: "csat",
    version: 1,
    title: "Customer satisfaction",
    formula: "answers 4–5 ÷ all answers × 100 on a scale of 1–5, asked once per solve; the mean answer beside it. Variant mean: the \
              mean answer. Variant unsatisfied: answers 1–2 ÷ all answers × 100. Variant response_rate: questions sent that were answered ÷ questions sent × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "event: answered in the period; of several answers about one solve the one recorded last replaces the others, \
                  at its own time (response_rate: sent in the period)",
    actor_rule: "the agent is the one named in the answer, else the one the ticket was assigned to at the solve it is about",
    calendar_rule: "schedules do not matter",
    null_rule: "nobody answered in the period",
    dimensions: DIMENSIONS,
    variants: &[
        Variant {
            id: "",
            measure: Measure::Share,
            observe,
        },
        Variant {
            id: "mean",
            measure: Measure::Mean,
            observe,
        },
        Variant {
            id: "unsatisfied",
            measure: Measure::Share,
            observe: unsatisfied,
        },
        Variant {
            id: "response_rate",
            measure: Measure::Share,
            observe: responses,
        },
    ],
};

const SURVEY: Survey = Survey::Csat;

/// An answer that holds.
struct Answer {
    at: Micros,
    order: Order,
    dimensions: Dimensions,
    score: f64,
}

fn observe(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    observe_as(moment, |score| score >= 4.0, found);
}

fn unsatisfied(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    observe_as(moment, |score| score <= 2.0, found);
}

fn observe_as(moment: &Moment<'_>, is_hit: fn(f64) -> bool, found: &mut dyn FnMut(Observation)) {
    each_answer(moment, &mut |Answer {
                                  at, dimensions, score, ..
                              }| {
        let outcome = Outcome::Score {
            score,
            hit: is_hit(score),
        };
        found(Observation {
            at,
            dimensions,
            outcome,
        });
    });
}

fn each_answer(moment: &Moment<'_>, found: &mut dyn FnMut(Answer)) {
    for case in moment.contacts() {
        answers_about(&case).into_values().for_each(&mut *found);
    }
    // Answers without a ticket all count: there is no solve that they could be corrections about.
    for (customer, timeline) in moment.facts().surveys() {
        for entry in timeline.until(moment.as_of()) {
            if let Step::Answered {
                survey: SURVEY,
                score,
                agent,
                ..
            } = entry.step
            {
                found(Answer {
                    at: entry.at,
                    order: entry.order,
                    dimensions: moment.dimensions_of(customer, agent, entry.at),
                    score: f64::from(score),
                });
            }
        }
    }
}

/// The answers about a ticket that hold, by the solve they are about: of several about one solve the one that was recorded
/// last, as with the owner of the ticket. Its time decides nothing, since a correction may be told with an earlier one.
fn answers_about(case: &Case<'_>) -> HashMap<usize, Answer> {
    let mut holds = HashMap::new();
    let mut solves = None;
    for (place, entry) in case.steps.iter().enumerate() {
        let Step::Answered {
            survey: SURVEY,
            solve,
            score,
            agent,
        } = entry.step
        else {
            continue;
        };
        let solves = solves.get_or_insert_with(|| case.life().solves);
        let about = match solve {
            // Not said: the solves that came before the answer, equal instants by their order.
            0 => Life::of(None, case.steps.get(..place).unwrap_or(&[])).solves.len(),
            said => usize::from(said),
        };
        let at_solve = about.checked_sub(1).and_then(|index| solves.get(index));
        let agent = agent.or_else(|| at_solve.and_then(|solve| solve.agent));
        let dimensions = Dimensions {
            queue: at_solve.map_or(case.opening.queue, |solve| solve.queue),
            ..case.dimensions_by(agent, entry.at)
        };
        let answer = Answer {
            at: entry.at,
            order: entry.order,
            dimensions,
            score: f64::from(score),
        };
        match holds.entry(about) {
            hash_map::Entry::Vacant(none) => {
                none.insert(answer);
            }
            hash_map::Entry::Occupied(mut other) if other.get().order <= answer.order => {
                other.insert(answer);
            }
            hash_map::Entry::Occupied(_) => {}
        }
    }
    holds
}

/// Each question sent, and whether an answer came before the next one was sent.
fn responses(moment: &Moment<'_>, found: &mut dyn FnMut(Observation)) {
    for case in moment.contacts() {
        sent(case.steps, |_| case.dimensions(), found);
    }
    for (customer, timeline) in moment.facts().surveys() {
        let dimensions = |at| moment.dimensions_of(customer, None, at);
        sent(timeline.until(moment.as_of()), dimensions, found);
    }
}

fn sent(steps: &[Entry], dimensions: impl Fn(Micros) -> Dimensions, found: &mut dyn FnMut(Observation)) {
    let mut observe = |at, answered| {
        let dimensions = dimensions(at);
        found(Observation {
            at,
            dimensions,
            outcome: Outcome::Hit(answered),
        });
    };
    let mut waiting = None;
    for entry in steps {
        match entry.step {
            Step::SurveySent { survey: SURVEY } => {
                if let Some(unanswered) = waiting.replace(entry.at) {
                    observe(unanswered, false);
                }
            }
            Step::Answered { survey: SURVEY, .. } => {
                if let Some(answered) = waiting.take() {
                    observe(answered, true);
                }
            }
            _ => {}
        }
    }
    if let Some(unanswered) = waiting {
        observe(unanswered, false);
    }
}
