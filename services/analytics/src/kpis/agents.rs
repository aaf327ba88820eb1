//! How much agents answer.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::view::View;

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Ratio,
    direction: Direction::Neutral,
    cohort_rule: "event: the reply was in the period",
    actor_rule: "the author of the reply; split by agent it is that agent's number",
    calendar_rule: "schedules do not matter",
    null_rule: "nobody replied in the period",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const CONVERSATIONS_PER_AGENT: Kpi = Kpi {
    id: "conversations_per_agent",
    title: "Conversations per agent",
    formula: "pairs of an agent and a conversation in which the agent replied ÷ agents who replied",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::PerAgent { once: true },
        observe: Observe::Events(replies),
    }],
    ..BASE
};

pub const REPLIES_PER_AGENT: Kpi = Kpi {
    id: "replies_per_agent",
    title: "Replies per agent",
    formula: "replies ÷ agents who replied",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::PerAgent { once: false },
        observe: Observe::Events(replies),
    }],
    ..BASE
};

fn replies<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        for (at, by) in &ticket.conversation.replies {
            let dimensions = view.dimensions_at(ticket, *by, *at);
            found(Observation::of(ticket, *at, dimensions, Outcome::Happened));
        }
    }
}
