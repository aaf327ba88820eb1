//! How long customers waited for an answer.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::rows::{Holder, Pace, TicketRows, TurnEnd};
use crate::view::View;

const ACTOR: &str =
    "only an agent's public message is a reply, internal notes and automation never are; the agent is the author";
const CALENDAR: &str = "elapsed seconds; on the business clock those in which the ticket's calendar was open, and only tickets that have one";

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "created: the ticket was opened in the period; open: unanswered, neither solved nor closed",
    actor_rule: ACTOR,
    calendar_rule: CALENDAR,
    null_rule: "nobody has been answered yet",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const FIRST_RESPONSE_TIME: Kpi = Kpi {
    id: "first_response_time",
    title: "First response time",
    formula: "first customer message of the conversation → first public message of an agent after it; mean, median, 90th, 95th \
              and 99th percentile. Variant since_handoff: from the first handoff of automation to people",
    variants: &[
        Variant {
            id: "",
            unit: Unit::Seconds,
            measure: Measure::Duration,
            observe: Observe::Events(first_response),
        },
        Variant {
            id: "since_handoff",
            unit: Unit::Seconds,
            measure: Measure::Duration,
            observe: Observe::Events(since_handoff),
        },
    ],
    ..BASE
};

pub const FIRST_AUTOMATED_RESPONSE_TIME: Kpi = Kpi {
    id: "first_automated_response_time",
    title: "First automated response time",
    formula: "first customer message of the conversation → first public message of automation after it",
    cohort_rule: "created: the ticket was opened in the period; nothing is open, since no machine owes an answer",
    actor_rule: "automation, so no agent",
    null_rule: "automation has answered nobody",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(first_automated),
    }],
    ..BASE
};

pub const RESPONSE_TIME: Kpi = Kpi {
    id: "response_time",
    title: "Response time",
    formula: "per turn of the customer: its first message → the reply that ends it; a turn that a solve or close ended has none; \
              mean, median, 90th, 95th and 99th percentile",
    cohort_rule: "event: the reply was in the period; open: the turn began in it, is unanswered, the ticket neither solved nor closed",
    null_rule: "nobody was answered in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(turns),
    }],
    ..BASE
};

pub const AVERAGE_RESPONSE_TIME: Kpi = Kpi {
    id: "average_response_time",
    title: "Average response time per ticket",
    formula: "sum of all response times in the period ÷ number of tickets with at least one in it",
    cohort_rule: RESPONSE_TIME.cohort_rule,
    null_rule: RESPONSE_TIME.null_rule,
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::DurationBySubject,
        observe: Observe::Events(turns),
    }],
    ..BASE
};

fn first_response<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    first(view, |ticket| ticket.conversation.first_response, found);
}

fn since_handoff<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    first(view, |ticket| ticket.conversation.since_handoff, found);
}

fn first<'v>(view: &'v View<'v>, pace: fn(&TicketRows) -> Pace, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        let at = ticket.opened_at;
        match pace(ticket) {
            Pace::Done {
                took,
                at: replied_at,
                by,
            } => {
                let dimensions = view.dimensions_by(ticket, by.agent, replied_at);
                found(Observation::of(ticket, at, dimensions, Outcome::Took(took)));
            }
            // Without a beginning nothing is owed: no value, and not open either.
            Pace::Waiting if !ticket.over() => {
                found(Observation::of(ticket, at, view.dimensions(ticket), Outcome::Open));
            }
            Pace::Waiting | Pace::Nothing => {}
        }
    }
}

fn first_automated<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(took) = ticket.conversation.first_automated {
            let dimensions = view.dimensions(ticket);
            found(Observation::of(
                ticket,
                ticket.opened_at,
                dimensions,
                Outcome::Took(took),
            ));
        }
    }
}

fn turns<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        for turn in &ticket.conversation.turns {
            match turn.end {
                TurnEnd::Replied { took, at, by } => {
                    let dimensions = view.dimensions_at(ticket, by, at);
                    found(Observation::of(ticket, at, dimensions, Outcome::Took(took)));
                }
                TurnEnd::Waiting if !ticket.over() => {
                    let by = Holder {
                        agent: None,
                        queue: turn.queue,
                    };
                    let dimensions = view.dimensions_at(ticket, by, turn.begun_at);
                    found(Observation::of(ticket, turn.begun_at, dimensions, Outcome::Open));
                }
                TurnEnd::Waiting | TurnEnd::Over => {}
            }
        }
    }
}
