//! The registry: every key figure, each defined once, beside its kin, under `kpis/`.
//!
//! A KPI is a definition in words (what `ListKpis` returns) and a function that turns what is known at a
//! moment into observations. Periods, buckets, splits, filters, means, quantiles and intervals are the
//! business of [`crate::query`], the same for all. To add one: write a `pub const` of type [`Kpi`] in the file of its kin
//! and list it in [`ALL`].

mod agents;
mod availability;
mod busiest_hours;
mod contacts;
mod customers;
mod efforts;
mod episodes;
mod observation;
mod queues;
mod resolutions;
mod responses;
mod satisfaction_gap;
mod self_service;
mod service_level;
mod sla;
mod surveys;
mod tickets;
mod volume_change;
mod workflow_usage;

use crate::buckets::Micros;
use crate::dimensions::{Dimension, Dimensions};
use crate::query::{Answer, Query};
use crate::rows::Level;
use crate::view::View;

pub use observation::{Observation, Outcome, Stretch, Subject};
pub use service_level::{Factor, Grade, Graded, Report, Section, report};

/// All key figures by id.
pub const ALL: &[&Kpi] = &[
    &queues::ABANDONMENT_RATE,
    &resolutions::AGENT_WORK_TIME,
    &resolutions::AVERAGE_RESOLUTION_TIME,
    &responses::AVERAGE_RESPONSE_TIME,
    &busiest_hours::KPI,
    &surveys::CES_EASE,
    &surveys::CES_EFFORT,
    &availability::CHANNEL_AVAILABILITY,
    &episodes::CHANNEL_SWITCHES_PER_EPISODE,
    &contacts::CONTACTS,
    &episodes::CONTACTS_PER_EPISODE,
    &efforts::CONTACTS_PER_TICKET,
    &agents::CONVERSATIONS_PER_AGENT,
    &surveys::CSAT,
    &resolutions::CUSTOMER_WAIT_TIME,
    &self_service::DEFLECTION_RATE,
    &efforts::FCR_GROSS,
    &episodes::FCR_NET,
    &surveys::FCR_PERCEIVED,
    &responses::FIRST_AUTOMATED_RESPONSE_TIME,
    &resolutions::FIRST_RESOLUTION_TIME,
    &responses::FIRST_RESPONSE_TIME,
    &resolutions::FULL_RESOLUTION_TIME,
    &queues::HANDLE_TIME,
    &contacts::MESSAGES,
    &surveys::NPS,
    &availability::OCCUPANCY,
    &resolutions::ON_HOLD_TIME,
    &efforts::ONE_TOUCH_RATE,
    &surveys::PERSONAL_EMOTIONAL_CONNECTION,
    &surveys::QUALITY_SCORE,
    &queues::QUEUE_WAIT_TIME,
    &efforts::REOPEN_RATE,
    &agents::REPLIES_PER_AGENT,
    &efforts::REPLIES_PER_TICKET,
    &responses::RESPONSE_TIME,
    &customers::RETENTION_RATE,
    &satisfaction_gap::KPI,
    &self_service::SELF_SERVICE_RATE,
    &self_service::SELF_SERVICE_SCORE,
    &service_level::KPI,
    &sla::SLA_ATTAINMENT,
    &tickets::CREATED,
    &tickets::OPEN,
    &tickets::SOLVED,
    &episodes::TRANSFERS_PER_EPISODE,
    &efforts::TRANSFERS_PER_TICKET,
    &volume_change::KPI,
    &workflow_usage::KPI,
];

/// The grades.
pub const SERVICE_LEVEL: &Kpi = &service_level::KPI;

/// The key figure whose change [`Parts::Change`] is about.
pub const CREATED: &Kpi = &tickets::CREATED;

/// The key figure that compares days, so that its period has only whole ones.
pub const WHOLE_DAYS: &str = volume_change::KPI.id;

/// The key figure in which something counts at a time that moves with the clock: [`crate::rows::TicketRows::paused`].
pub const MOVES: &str = sla::SLA_ATTAINMENT.id;

/// The key figure with this id.
pub fn find(id: &str) -> Option<&'static Kpi> {
    ALL.iter().copied().find(|kpi| kpi.id == id)
}

/// A key figure: its definition in words and in code.
pub struct Kpi {
    /// Stable id, `lower_snake`.
    pub id: &'static str,
    /// Rises when a definition changes so that old and new values differ.
    pub version: i32,
    /// Title for people.
    pub title: &'static str,
    /// The formula in words.
    pub formula: &'static str,
    /// What the value of the default variant is.
    pub unit: Unit,
    /// Which way is good.
    pub direction: Direction,
    /// Which things belong to a period.
    pub cohort_rule: &'static str,
    /// Whose actions count, and whose figure it is.
    pub actor_rule: &'static str,
    /// How schedules matter.
    pub calendar_rule: &'static str,
    /// What null means.
    pub null_rule: &'static str,
    /// By what it can be split and filtered.
    pub dimensions: &'static [Dimension],
    /// The figure proper, and others of the same name; the first one is the default.
    pub variants: &'static [Variant],
}

/// One way to compute a key figure.
pub struct Variant {
    /// Empty for the default one.
    pub id: &'static str,
    /// What its value is.
    pub unit: Unit,
    /// How observations become a value.
    pub measure: Measure,
    /// Gives the observations there are at a moment.
    pub observe: Observe,
}

/// Where observations come from.
#[derive(Clone, Copy)]
pub enum Observe {
    /// Things that happened at a time, of all times; the query picks the period. Each follows from the rows of one ticket or of one
    /// customer's answers, and from nothing else: so it can be taken back when they change.
    Events(for<'v> fn(&'v View<'v>, &mut dyn FnMut(Observation<'v>))),
    /// The same of things that several tickets, or other facts than tickets and answers, amount to together.
    Gathered(for<'v> fn(&'v View<'v>, &mut dyn FnMut(Observation<'v>))),
    /// Stretches of time in which something stood open; the query counts those that lie over the end of the period.
    Levels(for<'v> fn(&'v View<'v>, &mut dyn FnMut(Level, Dimensions<'v>, Subject))),
    /// Stretches of time that are measured; the query cuts them to the period.
    Stretches(for<'v> fn(&'v View<'v>, &mut dyn FnMut(Stretch<'v>))),
    /// Things that depend on both ends of the period.
    Cohorts(for<'v> fn(&'v View<'v>, Micros, Micros, &mut dyn FnMut(Observation<'v>))),
    /// The whole answer, for figures that compare or combine others.
    Answers(fn(&View<'_>, &Query<'_>) -> Answer),
}

/// A period, and the one it is compared with.
pub type Change = ((Micros, Micros), Option<(Micros, Micros)>);

/// Gives things that happened at a time.
pub type Events = for<'v> fn(&'v View<'v>, &mut dyn FnMut(Observation<'v>));

/// A factor of a grade: name, weight, points.
pub type Points = (&'static str, f64, f64);

/// What the value of a figure that compares or combines others ([`Observe::Answers`]) is made of.
#[derive(Clone, Copy)]
pub enum Parts {
    /// Events, that become a value in this way.
    Events(Events, Measure),
    /// Uses of something, each of which counts, and tickets.
    Uses(Events),
    /// Tickets created in two periods.
    Change(fn(&Query<'_>) -> Change),
    /// Factors of a grade.
    Factors(fn(&View<'_>, &Query<'_>) -> Vec<Points>),
}

/// See [`Parts`]; None for all other figures, which are opened by what they observe.
pub fn parts(kpi: &Kpi, variant: &Variant) -> Option<Parts> {
    match kpi.id {
        id if id == busiest_hours::KPI.id => Some(Parts::Events(contacts::contacts, Measure::Count)),
        id if id == workflow_usage::KPI.id => workflow_usage::parts(variant.id),
        id if id == volume_change::KPI.id => volume_change::parts(variant.id),
        id if id == service_level::KPI.id => Some(Parts::Factors(service_level::factors)),
        _ => None,
    }
}

impl Kpi {
    /// The variant with this id; the empty id is the default one.
    pub fn variant(&self, id: &str) -> Option<&'static Variant>
    where
        Self: 'static,
    {
        self.variants.iter().find(|variant| variant.id == id)
    }
}

impl Variant {
    /// Where answers come from. It is a matter of time only: they are the same.
    pub fn source(&self) -> Source {
        match (self.observe, self.measure) {
            (Observe::Events(_), Measure::Ratio | Measure::TimeShare | Measure::Own) => Source::Everything,
            (Observe::Events(_), _) | (Observe::Levels(_), Measure::Count) => Source::RollUps,
            _ => Source::Everything,
        }
    }
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Sums that are kept up to date with every change; a query costs its buckets, whatever the number of tickets.
    RollUps,
    /// All rows, or figures of their own.
    Everything,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// 0 to 100; of a change or a net share also outside.
    Percent,
    /// Points on the scale of a question or a grade.
    Score,
    /// A number by another.
    Ratio,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither.
    Neutral,
}

/// Which seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Clock {
    /// All of them.
    #[default]
    Elapsed,
    /// Those in which the ticket's calendar is open; a ticket without one has none.
    Business,
}

/// How observations become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How many there are. Never null, no interval.
    Count,
    /// The mean of durations on the clock asked for, with quantiles and the normal interval. Null without any.
    Duration,
    /// The same, with the durations of one subject added up first.
    DurationBySubject,
    /// The mean of what was measured, with quantiles and the normal interval. Null without any.
    Mean,
    /// Hits among all, in percent, with Wilson's interval. Null without any.
    Share,
    /// As [`Measure::Share`] with the mean answer, and how many are satisfied and not.
    Csat,
    /// As [`Measure::Share`], each subject once: it hits when any of its observations does.
    ShareBySubject,
    /// Promoters less detractors, in percent of all, with the normal interval.
    Nps,
    /// Subjects of the agents ÷ agents; with the normal interval over agents.
    PerAgent {
        /// Each subject of an agent once.
        once: bool,
    },
    /// Subjects on one side ÷ subjects on the other, each once.
    Ratio,
    /// Time ÷ time, in percent, without an interval.
    TimeShare,
    /// The figure says itself.
    Own,
}

impl Measure {
    /// Whether it depends on the clock.
    pub fn is_timed(self) -> bool {
        matches!(self, Measure::Duration | Measure::DurationBySubject)
    }
}

#[cfg(test)]
pub(crate) mod tests;
