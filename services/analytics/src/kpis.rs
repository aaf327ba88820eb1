//! The registry: every key figure, each defined in one file under `kpis/`.
//!
//! A KPI is a definition in words (what `ListKpis` returns) and a function that turns the facts at a
//! moment into observations. Periods, buckets, splits, filters, means, quantiles and intervals are the
//! business of [`crate::query`], the same for all. To add one: write `kpis/<id>.rs` with a `pub const KPI`,
//! declare it here, and list it in [`ALL`].

mod csat;
mod first_response_time;
mod full_resolution_time;
mod queue_wait_time;
mod self_service_rate;
mod tickets_created;
mod tickets_solved;

use crate::buckets::Micros;
use crate::facts::Symbol;
use crate::moment::Moment;

/// All key figures by id.
pub const ALL: &[&Kpi] = &[
    &csat::KPI,
    &first_response_time::KPI,
    &full_resolution_time::KPI,
    &queue_wait_time::KPI,
    &self_service_rate::KPI,
    &tickets_created::KPI,
    &tickets_solved::KPI,
];

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
    /// What the value is.
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
    /// How observations become a value.
    pub measure: Measure,
    /// Gives every observation there is at a moment, of all times; the query picks the period.
    pub observe: fn(&Moment<'_>, &mut dyn FnMut(Observation)),
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

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// 0 to 100.
    Percent,
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

/// How observations become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How many there are. Never null, no interval.
    Count,
    /// The mean of what was measured, with quantiles and the normal interval. Null without any.
    Mean,
    /// Hits among all, in percent, with Wilson's interval. Null without any.
    Share,
}

/// By what a figure can be split and filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Channel of the ticket.
    Channel,
    /// The customer's tier when the ticket opened.
    Tier,
    /// Priority of the ticket when it opened.
    Priority,
    /// Queue at the event that is counted.
    Queue,
    /// The agent who did what is counted.
    Agent,
    /// That agent's team then.
    Team,
    /// The customer; of merged ones the one that stays. None of those who were erased.
    Customer,
}

/// Every dimension, in the order in which they are listed.
pub const DIMENSIONS: &[Dimension] = &[
    Dimension::Channel,
    Dimension::Tier,
    Dimension::Priority,
    Dimension::Queue,
    Dimension::Agent,
    Dimension::Team,
    Dimension::Customer,
];

impl Dimension {
    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Channel => "channel",
            Dimension::Tier => "tier",
            Dimension::Priority => "priority",
            Dimension::Queue => "queue",
            Dimension::Agent => "agent",
            Dimension::Team => "team",
            Dimension::Customer => "customer",
        }
    }

    /// The dimension with this name.
    pub fn find(name: &str) -> Option<Self> {
        DIMENSIONS.iter().copied().find(|dimension| dimension.name() == name)
    }
}

/// The dimension values of one observation; None = nobody, not known, does not apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// See [`Dimension::Channel`].
    pub channel: Option<Symbol>,
    /// See [`Dimension::Tier`].
    pub tier: Option<Symbol>,
    /// See [`Dimension::Priority`].
    pub priority: Option<Symbol>,
    /// See [`Dimension::Queue`].
    pub queue: Option<Symbol>,
    /// See [`Dimension::Agent`].
    pub agent: Option<Symbol>,
    /// See [`Dimension::Team`].
    pub team: Option<Symbol>,
    /// See [`Dimension::Customer`].
    pub customer: Option<Symbol>,
}

impl Dimensions {
    /// The value of one dimension.
    pub fn get(&self, dimension: Dimension) -> Option<Symbol> {
        match dimension {
            Dimension::Channel => self.channel,
            Dimension::Tier => self.tier,
            Dimension::Priority => self.priority,
            Dimension::Queue => self.queue,
            Dimension::Agent => self.agent,
            Dimension::Team => self.team,
            Dimension::Customer => self.customer,
        }
    }
}

/// One thing that a figure counts or measures.
#[derive(Debug, Clone, Copy)]
pub struct Observation {
    /// The time that decides to which period it belongs.
    pub at: Micros,
    /// Whose and what kind.
    pub dimensions: Dimensions,
    /// What was found.
    pub outcome: Outcome,
}

/// What an observation found.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// It happened.
    Happened,
    /// A duration in microseconds.
    Took(Micros),
    /// It is of the kind the rate is about, or not.
    Hit(bool),
    /// An answer on a scale, and whether it is of the kind the rate is about.
    Score { score: f64, hit: bool },
    /// It belongs to the period by its beginning and has no value yet.
    Open,
}

#[cfg(test)]
mod tests;
