//! How much it took until matters were solved: replies, contacts, transfers, and whether they stayed solved.

use super::resolutions::each;
use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::DIMENSIONS;
use crate::view::View;

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Ratio,
    direction: Direction::Lower,
    cohort_rule: "solved: the last solve was in the period and the ticket is still solved; open: created in the period, neither \
                  solved nor closed",
    actor_rule: "only an agent's public message is a reply; the agent is the one it was assigned to at the solve",
    calendar_rule: "schedules do not matter",
    null_rule: "no ticket was solved",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const REPLIES_PER_TICKET: Kpi = Kpi {
    id: "replies_per_ticket",
    title: "Replies per ticket",
    formula: "replies in the conversations of solved tickets ÷ solved tickets",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Events(replies),
    }],
    ..BASE
};

pub const CONTACTS_PER_TICKET: Kpi = Kpi {
    id: "contacts_per_ticket",
    title: "Contacts per ticket",
    formula: "turns of the customer in solved tickets and everything merged into them ÷ solved tickets",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Events(contacts),
    }],
    ..BASE
};

pub const TRANSFERS_PER_TICKET: Kpi = Kpi {
    id: "transfers_per_ticket",
    title: "Transfers per ticket",
    formula: "transfers of solved tickets ÷ solved tickets: assignments to another queue than it was in, or to another agent \
              than the last one since it came into its queue",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Events(transfers),
    }],
    ..BASE
};

pub const ONE_TOUCH_RATE: Kpi = Kpi {
    id: "one_touch_rate",
    title: "One-touch rate",
    formula: "tickets solved with exactly one reply in their conversation ÷ tickets solved × 100. Variant of_all: tickets \
              created in the period that are solved with exactly one reply ÷ tickets created in it × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    variants: &[
        Variant {
            id: "",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(one_touch),
        },
        Variant {
            id: "of_all",
            unit: Unit::Percent,
            measure: Measure::Share,
            observe: Observe::Events(one_touch_of_all),
        },
    ],
    ..BASE
};

pub const FCR_GROSS: Kpi = Kpi {
    id: "fcr_gross",
    title: "First contact resolution, gross",
    formula: "solved tickets whose customer wrote nothing after the first reply and that were never reopened ÷ tickets solved × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::Share,
        observe: Observe::Events(fcr_gross),
    }],
    ..BASE
};

pub const REOPEN_RATE: Kpi = Kpi {
    id: "reopen_rate",
    title: "Reopen rate",
    formula: "tickets reopened after a solve of the period ÷ tickets with a solve in the period, each once × 100",
    unit: Unit::Percent,
    cohort_rule: "solve: any solve was in the period, solved now or not",
    null_rule: "no ticket was solved in the period",
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::ShareBySubject,
        observe: Observe::Events(reopens),
    }],
    ..BASE
};

fn replies<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(
        view,
        |ticket, _| Outcome::Value(ticket.conversation.replies.len() as f64),
        found,
    );
}

fn contacts<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(
        view,
        |ticket, _| Outcome::Value(f64::from(ticket.conversation.contact_count)),
        found,
    );
}

fn transfers<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |ticket, _| Outcome::Value(ticket.transfers.len() as f64), found);
}

fn one_touch<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(
        view,
        |ticket, _| Outcome::Hit(ticket.conversation.replies.len() == 1),
        found,
    );
}

fn one_touch_of_all<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        let solve = ticket.standing_solve();
        let hit = solve.is_some() && ticket.conversation.replies.len() == 1;
        let dimensions = match solve {
            Some(solve) => view.dimensions_by(ticket, solve.by.agent, solve.at),
            None => view.dimensions(ticket),
        };
        found(Observation::of(ticket, ticket.opened_at, dimensions, Outcome::Hit(hit)));
    }
}

fn fcr_gross<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(
        view,
        |ticket, _| Outcome::Hit(!ticket.conversation.wrote_again && !ticket.reopened()),
        found,
    );
}

fn reopens<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        for solve in &ticket.life.solves {
            let dimensions = view.dimensions_at(ticket, solve.by, solve.at);
            found(Observation::of(
                ticket,
                solve.at,
                dimensions,
                Outcome::Hit(solve.reopened),
            ));
        }
    }
}
