//! Service that looks good inside and feels bad outside.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::rows::is_bad;
use crate::view::View;

pub const KPI: Kpi = Kpi {
    id: "satisfaction_gap",
    version: 1,
    title: "Satisfaction gap",
    formula: "tickets with every SLA target met and a bad answer (csat 1–3, ces_effort 4–5, nps 0–6) ÷ rated tickets with every \
              target met × 100; at least one target met, none missed, none running",
    unit: Unit::Percent,
    direction: Direction::Lower,
    cohort_rule: "event: an answer about the ticket was given in the period; each ticket once",
    actor_rule: "the agent who is rated",
    calendar_rule: "each target on the clock of its policy",
    null_rule: "no ticket with every target met was rated in the period",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::ShareBySubject,
        observe: Observe::Events(observe),
    }],
};

fn observe<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if ticket.rests || ticket.targets.is_empty() || ticket.targets.iter().any(|target| target.met != Some(true)) {
            continue;
        }
        for answer in &ticket.answers {
            if let Some(bad) = is_bad(answer.survey, answer.score) {
                let dimensions = view.dimensions_at(ticket, answer.by, answer.at);
                found(Observation::of(ticket, answer.at, dimensions, Outcome::Hit(bad)));
            }
        }
    }
}
