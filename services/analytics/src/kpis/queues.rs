//! Waiting in queues, giving up, working on contacts.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::rows::{Holder, StayEnd, TicketRows, WrapUp};
use crate::view::View;

const PHONE: &str = "phone";
const CHAT: &str = "chat";

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Seconds,
    direction: Direction::Lower,
    cohort_rule: "",
    actor_rule: "the agent is the one who accepted it, nobody when nobody did",
    calendar_rule: "elapsed seconds; on the business clock those in which the ticket's calendar was open, and only tickets that have one",
    null_rule: "",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const QUEUE_WAIT_TIME: Kpi = Kpi {
    id: "queue_wait_time",
    title: "Queue wait time",
    formula: "entered a queue → accepted by an agent; moving a contact forward or to another queue never changes it; mean, median, \
              90th, 95th and 99th percentile",
    cohort_rule: "event: accepted in the period, counted for the last queue; open: entered in the period and still waiting",
    null_rule: "nothing was accepted in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Seconds,
        measure: Measure::Duration,
        observe: Observe::Events(waits),
    }],
    ..BASE
};

pub const ABANDONMENT_RATE: Kpi = Kpi {
    id: "abandonment_rate",
    title: "Abandonment rate",
    formula: "contacts that left a queue before an agent accepted ÷ contacts that entered one and were accepted or left × 100; \
              leaving within 5 seconds counts in neither. Variant before_resolution: of the tickets created in the period, those \
              without a solve that the customer closed, or whose queue the customer left for good with no reply after it",
    unit: Unit::Percent,
    cohort_rule: "event: entered in the period; open: still waiting (before_resolution: created in the period)",
    calendar_rule: "schedules do not matter",
    null_rule: "nothing that entered a queue in the period was decided",
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(abandonments),
        },
        Variant {
            id: "before_resolution",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(before_resolution),
        },
    ],
    ..BASE
};

pub const HANDLE_TIME: Kpi = Kpi {
    id: "handle_time",
    title: "Handle time",
    formula: "the agent's last accept of the ticket that has no wrap-up yet → the end of the wrap-up. Variants talk and hold: the \
              seconds that the source gives for phone and chat, the same on both clocks",
    cohort_rule: "event: the wrap-up ended in the period; open: accepted in the period, no wrap-up yet, neither solved nor closed",
    actor_rule: "the agent is the one who wrapped up",
    null_rule: "nothing was wrapped up in the period",
    variants: &[
        Variant {
            id: "",
            unit: Unit::Seconds,
            measure: Measure::Duration,
            observe: Observe::Events(handles),
        },
        Variant {
            id: "talk",
            unit: Unit::Seconds,
            measure: Measure::Mean,
            observe: Observe::Events(talks),
        },
        Variant {
            id: "hold",
            unit: Unit::Seconds,
            measure: Measure::Mean,
            observe: Observe::Events(holds),
        },
    ],
    ..BASE
};

fn waits<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for stay in &ticket.stays {
            let (at, agent, outcome) = match stay.end {
                StayEnd::Accepted { at, took, agent } => (at, agent, Outcome::Took(took)),
                StayEnd::Waiting => (stay.entered_at, None, Outcome::Open),
                StayEnd::Left { .. } => continue,
            };
            let queue = stay.queue;
            let dimensions = view.dimensions_at(ticket, Holder { agent, queue }, at);
            found(Observation::of(ticket, at, dimensions, outcome));
        }
    }
}

fn abandonments<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for stay in &ticket.stays {
            let (at, agent, outcome) = match stay.end {
                StayEnd::Accepted { at, agent, .. } => (at, agent, Outcome::Hit(false)),
                StayEnd::Left { at, short: false } => (at, None, Outcome::Hit(true)),
                StayEnd::Left { short: true, .. } => continue,
                StayEnd::Waiting => (stay.entered_at, None, Outcome::Open),
            };
            let queue = stay.queue;
            let dimensions = view.dimensions_at(ticket, Holder { agent, queue }, at);
            found(Observation::of(ticket, stay.entered_at, dimensions, outcome));
        }
    }
}

fn before_resolution<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(given_up) = ticket.given_up {
            let dimensions = view.dimensions(ticket);
            found(Observation::of(
                ticket,
                ticket.opened_at,
                dimensions,
                Outcome::Hit(given_up),
            ));
        }
    }
}

fn handles<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for wrap_up in &ticket.wrap_ups {
            if let Some(took) = wrap_up.took {
                let dimensions = view.dimensions_at(ticket, wrap_up.by, wrap_up.at);
                found(Observation::of(ticket, wrap_up.at, dimensions, Outcome::Took(took)));
            }
        }
        for (at, by) in &ticket.unwrapped {
            let dimensions = view.dimensions_at(ticket, *by, *at);
            found(Observation::of(ticket, *at, dimensions, Outcome::Open));
        }
    }
}

fn talks<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    given(view, |wrap_up| wrap_up.talk, found);
}

fn holds<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    given(view, |wrap_up| wrap_up.hold, found);
}

fn given<'v>(view: &'v View<'v>, seconds: fn(&WrapUp) -> Option<f64>, found: &mut dyn FnMut(Observation<'v>)) {
    let strings = view.facts().strings();
    let spoken = [strings.find(PHONE), strings.find(CHAT)];
    let is_spoken = |ticket: &&TicketRows| ticket.base.channel.is_some() && spoken.contains(&ticket.base.channel);
    for ticket in view.contacts().filter(is_spoken) {
        for wrap_up in &ticket.wrap_ups {
            if let Some(seconds) = seconds(wrap_up) {
                let dimensions = view.dimensions_at(ticket, wrap_up.by, wrap_up.at);
                found(Observation::of(ticket, wrap_up.at, dimensions, Outcome::Value(seconds)));
            }
        }
    }
}
