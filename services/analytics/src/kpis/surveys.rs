//! What customers say when asked, and what reviewers find.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Subject, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::facts::Survey;
use crate::rows::Holder;
use crate::view::View;

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Score,
    direction: Direction::Higher,
    cohort_rule: "event: answered in the period; of several answers to one question about one solve the last replaces the others, \
                  at its own time; answers without a ticket all count",
    actor_rule: "the agent is the one named in the answer, else the one the ticket was assigned to at the solve it is about",
    calendar_rule: "schedules do not matter",
    null_rule: "nobody answered in the period",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const CSAT: Kpi = Kpi {
    id: "csat",
    title: "Customer satisfaction",
    formula: "answers 4–5 ÷ all answers × 100 on a scale of 1–5, asked once per solve; the mean answer and how many are satisfied \
              (4–5) and unsatisfied (1–2) beside it. Variant mean: the mean answer. Variant unsatisfied: answers 1–2 ÷ all answers \
              × 100. Variant response_rate: questions sent in the period that were answered before the next one ÷ questions sent × 100",
    unit: Unit::Percent,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Csat,
            observe: Observe::Events(csat),
        },
        Variant {
            id: "mean",
            unit: Unit::Score,
            measure: Measure::Mean,
            observe: Observe::Events(csat),
        },
        Variant {
            id: "unsatisfied",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(unsatisfied),
        },
        Variant {
            id: "response_rate",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(responses),
        },
    ],
    ..BASE
};

pub const CES_EFFORT: Kpi = Kpi {
    id: "ces_effort",
    title: "Customer effort",
    formula: "mean answer on a scale of 1–5 on which low is good. Variant low_effort: answers 1–2 ÷ all answers × 100",
    direction: Direction::Lower,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Score,
            measure: Measure::Mean,
            observe: Observe::Events(effort),
        },
        Variant {
            id: "low_effort",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(effort),
        },
    ],
    ..BASE
};

pub const CES_EASE: Kpi = Kpi {
    id: "ces_ease",
    title: "Customer ease",
    formula: "mean answer on a scale of 1–7 on which high is good. Variant low_effort: answers 5–7 ÷ all answers × 100",
    variants: &[
        Variant {
            id: "",
            unit: Unit::Score,
            measure: Measure::Mean,
            observe: Observe::Events(ease),
        },
        Variant {
            id: "low_effort",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(ease),
        },
    ],
    ..BASE
};

pub const NPS: Kpi = Kpi {
    id: "nps",
    title: "Net promoter score",
    formula: "(promoters 9–10 − detractors 0–6) ÷ all answers × 100 on a scale of 0–10, of customers asked apart from any ticket. \
              Variant relational: the same. Variant transactional: the answers about a ticket. The two are never added",
    unit: Unit::Percent,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Nps,
            observe: Observe::Events(relational),
        },
        Variant {
            id: "relational",
            unit: Unit::Percent,
            measure: Measure::Nps,
            observe: Observe::Events(relational),
        },
        Variant {
            id: "transactional",
            unit: Unit::Percent,
            measure: Measure::Nps,
            observe: Observe::Events(transactional),
        },
    ],
    ..BASE
};

pub const FCR_PERCEIVED: Kpi = Kpi {
    id: "fcr_perceived",
    title: "First contact resolution, perceived",
    formula: "answers yes to \"was one contact enough?\" ÷ all answers × 100",
    unit: Unit::Percent,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::Share,
        observe: Observe::Events(one_contact),
    }],
    ..BASE
};

pub const QUALITY_SCORE: Kpi = Kpi {
    id: "quality_score",
    title: "Quality score",
    formula: "mean over internal reviews of Σ weight · points ÷ of, divided by Σ weight, × 100",
    unit: Unit::Percent,
    cohort_rule: "event: reviewed in the period",
    actor_rule: "the agent who was reviewed",
    null_rule: "nobody was reviewed in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::Mean,
        observe: Observe::Events(quality),
    }],
    ..BASE
};

pub const PERSONAL_EMOTIONAL_CONNECTION: Kpi = Kpi {
    id: "personal_emotional_connection",
    title: "Personal emotional connection",
    formula: "mean rating of the connection on a scale of 1–5, by customers and by reviewers (the item pec of a rubric, out of 5)",
    cohort_rule: "event: answered or reviewed in the period",
    actor_rule: "the agent who was rated or reviewed",
    null_rule: "nobody was rated in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Score,
        measure: Measure::Mean,
        observe: Observe::Events(connection),
    }],
    ..BASE
};

fn csat<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::Csat, |score| score >= 4.0, found);
}

fn unsatisfied<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::Csat, |score| score <= 2.0, found);
}

fn effort<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::CesEffort, |score| score <= 2.0, found);
}

fn ease<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::CesEase, |score| score >= 5.0, found);
}

fn one_contact<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::OneContact, |score| score == 1.0, found);
}

fn relational<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers_apart(view, Survey::Nps, |score| score >= 9.0, found);
}

fn transactional<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers_about(view, Survey::Nps, |score| score >= 9.0, found);
}

fn answers<'v>(view: &'v View<'v>, survey: Survey, is_hit: fn(f64) -> bool, found: &mut dyn FnMut(Observation<'v>)) {
    answers_about(view, survey, is_hit, found);
    answers_apart(view, survey, is_hit, found);
}

fn answers_about<'v>(
    view: &'v View<'v>,
    survey: Survey,
    is_hit: fn(f64) -> bool,
    found: &mut dyn FnMut(Observation<'v>),
) {
    for ticket in view.contacts() {
        for answer in ticket.answers.iter().filter(|answer| answer.survey == survey) {
            let (score, hit) = (answer.score, is_hit(answer.score));
            let dimensions = view.dimensions_at(ticket, answer.by, answer.at);
            found(Observation::of(
                ticket,
                answer.at,
                dimensions,
                Outcome::Score { score, hit },
            ));
        }
    }
}

fn answers_apart<'v>(
    view: &'v View<'v>,
    survey: Survey,
    is_hit: fn(f64) -> bool,
    found: &mut dyn FnMut(Observation<'v>),
) {
    for voice in view.voices() {
        for (answer, dimensions) in voice.answers_to(survey) {
            let (score, hit) = (answer.score, is_hit(answer.score));
            let subject = Subject::Customer(voice.customer);
            found(Observation::apart(
                subject,
                answer.at,
                *dimensions,
                Outcome::Score { score, hit },
            ));
        }
    }
}

fn responses<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for sending in ticket.sendings.iter().filter(|sending| sending.survey == Survey::Csat) {
            let by = Holder {
                agent: None,
                queue: sending.queue,
            };
            let dimensions = view.dimensions_at(ticket, by, sending.at);
            found(Observation::of(
                ticket,
                sending.at,
                dimensions,
                Outcome::Hit(sending.answered),
            ));
        }
    }
    for voice in view.voices() {
        for (sending, dimensions) in &voice.sendings {
            if sending.survey == Survey::Csat {
                let outcome = Outcome::Hit(sending.answered);
                found(Observation::apart(
                    Subject::Customer(voice.customer),
                    sending.at,
                    *dimensions,
                    outcome,
                ));
            }
        }
    }
}

fn quality<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for review in &ticket.reviews {
            if let Some(quality) = review.quality {
                let dimensions = view.dimensions_at(ticket, review.by, review.at);
                found(Observation::of(ticket, review.at, dimensions, Outcome::Value(quality)));
            }
        }
    }
}

fn connection<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    answers(view, Survey::Pec, |score| score >= 4.0, found);
    for ticket in view.contacts() {
        for review in &ticket.reviews {
            if let Some(connection) = review.connection {
                let dimensions = view.dimensions_at(ticket, review.by, review.at);
                found(Observation::of(
                    ticket,
                    review.at,
                    dimensions,
                    Outcome::Value(connection),
                ));
            }
        }
    }
}
