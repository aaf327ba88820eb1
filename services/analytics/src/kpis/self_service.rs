//! What customers solve without an agent.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Subject, Unit, Variant};
use crate::dimensions::{DIMENSIONS, VISIT};
use crate::facts::ActorKind;
use crate::view::View;

pub const SELF_SERVICE_RATE: Kpi = Kpi {
    id: "self_service_rate",
    version: 1,
    title: "Self-service rate",
    formula: "(tickets solved that no agent handled + help-centre sessions solved and not escalated) ÷ (all tickets solved + those \
              sessions) × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "solved: the last solve was in the period and the ticket is still solved; sessions: a step solved in the period, each \
                  session once",
    actor_rule: "an agent handled a ticket who wrote in it (a note too), set a status, accepted it from a queue or wrapped \
                 it up; being assigned is not handling; the agent is the one it was assigned to at the solve, sessions have none",
    calendar_rule: "schedules do not matter",
    null_rule: "nothing was solved",
    dimensions: DIMENSIONS,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::ShareBySubject,
        observe: Observe::Gathered(solved_alone),
    }],
};

pub const DEFLECTION_RATE: Kpi = Kpi {
    id: "deflection_rate",
    version: 1,
    title: "Deflection rate",
    formula: "help-centre sessions of known customers in which something was solved or read and after which the customer wrote \
              nothing for 24 hours ÷ all sessions of known customers × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "event: the session began in the period; open: its 24 hours are not over",
    actor_rule: "the customer; a session of nobody known is in neither side",
    calendar_rule: "hours of the clock, schedules do not matter",
    null_rule: "no session of a known customer began in the period and is over",
    dimensions: VISIT,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::Share,
        observe: Observe::Gathered(deflections),
    }],
};

pub const SELF_SERVICE_SCORE: Kpi = Kpi {
    id: "self_service_score",
    version: 1,
    title: "Self-service score",
    formula: "visitors of the help centre ÷ customers who opened tickets: known customers once, every session of nobody known once",
    unit: Unit::Ratio,
    direction: Direction::Higher,
    cohort_rule: "event: sessions begun and tickets created in the period",
    actor_rule: "the customer; tickets that agents or automation opened do not count",
    calendar_rule: "schedules do not matter",
    null_rule: "no customer opened a ticket in the period",
    dimensions: VISIT,
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Ratio,
        observe: Observe::Gathered(visitors),
    }],
};

fn solved_alone<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for ticket in view.tickets() {
        if let Some(solve) = ticket.standing_solve() {
            let dimensions = view.dimensions_at(ticket, solve.by, solve.at);
            found(Observation::of(
                ticket,
                solve.at,
                dimensions,
                Outcome::Hit(!ticket.handled),
            ));
        }
    }
    for visit in view.visits().iter().filter(|visit| !visit.escalated) {
        for at in &visit.solved {
            let dimensions = view.moment().dimensions_of(visit.customer, None, *at);
            found(Observation::apart(
                Subject::Session(visit.session),
                *at,
                dimensions,
                Outcome::Hit(true),
            ));
        }
    }
}

fn deflections<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    for visit in view.visits().iter().filter(|visit| visit.customer.is_some()) {
        let outcome = if visit.over {
            Outcome::Hit(visit.positive && !visit.contacted)
        } else {
            Outcome::Open
        };
        let dimensions = view.moment().dimensions_of(visit.customer, None, visit.begun_at);
        found(Observation::apart(
            Subject::Session(visit.session),
            visit.begun_at,
            dimensions,
            outcome,
        ));
    }
}

fn visitors<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    let moment = view.moment();
    let who = |customer| Subject::Customer(moment.survivor(customer, i64::MAX));
    for visit in view.visits() {
        let subject = visit.customer.map_or(Subject::Session(visit.session), who);
        let dimensions = moment.dimensions_of(visit.customer, None, visit.begun_at);
        found(Observation::apart(
            subject,
            visit.begun_at,
            dimensions,
            Outcome::Side { above: true },
        ));
    }
    for ticket in view.tickets().filter(|ticket| ticket.opened_by == ActorKind::Customer) {
        if let Some(customer) = ticket.base.customer {
            let outcome = Outcome::Side { above: false };
            found(Observation::apart(
                who(customer),
                ticket.opened_at,
                view.dimensions(ticket),
                outcome,
            ));
        }
    }
}
