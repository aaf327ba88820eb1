//! How often customers come, and how much is said.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::{DIMENSIONS, Dimensions};
use crate::rows::Holder;
use crate::view::View;

pub const CONTACTS: Kpi = Kpi {
    id: "contacts",
    version: 1,
    title: "Contacts",
    formula: "number of turns of customers: runs of messages of a customer in a ticket with no reply, solve or close of that \
              ticket in between; merging tickets never changes them",
    unit: Unit::Count,
    direction: Direction::Neutral,
    cohort_rule: "event: the first message of the turn was in the period",
    actor_rule: "the customer, so no agent; the channel is the message's own, else its ticket's",
    calendar_rule: "schedules do not matter",
    null_rule: "never null; nothing happened is 0",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Count,
        measure: Measure::Count,
        observe: Observe::Events(contacts),
    }],
};

pub const MESSAGES: Kpi = Kpi {
    id: "messages",
    version: 1,
    title: "Messages",
    formula: "number of public messages of customers, agents and automation; internal notes are not counted",
    unit: Unit::Count,
    direction: Direction::Neutral,
    cohort_rule: "event: written in the period",
    actor_rule: "whoever wrote; the agent is the author, if an agent is; the channel is the message's own, else its ticket's",
    calendar_rule: "schedules do not matter",
    null_rule: "never null; nothing happened is 0",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Count,
        measure: Measure::Count,
        observe: Observe::Events(messages),
    }],
};

/// One observation for every contact.
pub fn contacts<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for contact in &ticket.contacts {
            let by = Holder {
                agent: None,
                queue: contact.queue,
            };
            let dimensions = Dimensions {
                channel: contact.channel,
                ..view.dimensions_at(ticket, by, contact.at)
            };
            found(Observation::of(ticket, contact.at, dimensions, Outcome::Happened));
        }
    }
}

fn messages<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.contacts() {
        for message in &ticket.messages {
            let dimensions = Dimensions {
                channel: message.channel,
                ..view.dimensions_at(ticket, message.by, message.at)
            };
            found(Observation::of(ticket, message.at, dimensions, Outcome::Happened));
        }
    }
}
