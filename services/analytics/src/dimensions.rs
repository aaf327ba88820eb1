//! By what figures can be split and filtered. Pure.

use chrono::{Datelike as _, Timelike as _};
use chrono_tz::Tz;

use crate::buckets::{self, Micros};
use crate::facts::Symbol;

/// By what a figure can be split and filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Channel of the ticket; of a contact or message its own.
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
    /// The customer's language when the ticket opened.
    Language,
    /// The customer's country when the ticket opened.
    Country,
    /// The customer's organization when the ticket opened.
    Organization,
    /// Each tag of the ticket: what has several is in several rows.
    Tag,
    /// What the ticket is about.
    Intent,
    /// The policy the ticket was opened under.
    SlaPolicy,
    /// Local hour, 0 to 23.
    HourOfDay,
    /// Local day of the week, 1 (Monday) to 7.
    DayOfWeek,
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
    Dimension::Language,
    Dimension::Country,
    Dimension::Organization,
    Dimension::Tag,
    Dimension::Intent,
    Dimension::SlaPolicy,
    Dimension::HourOfDay,
    Dimension::DayOfWeek,
];

/// Those of a ticket at an instant that is no event: the hour says nothing.
pub const TICKET: &[Dimension] = DIMENSIONS.split_at(13).0;

/// Those of somebody apart from any ticket, at an instant that is no event.
pub const CUSTOMER: &[Dimension] = &[
    Dimension::Tier,
    Dimension::Customer,
    Dimension::Language,
    Dimension::Country,
    Dimension::Organization,
];

/// Those of a visit of the help centre.
pub const VISIT: &[Dimension] = &[
    Dimension::Tier,
    Dimension::Customer,
    Dimension::Language,
    Dimension::Country,
    Dimension::Organization,
    Dimension::HourOfDay,
    Dimension::DayOfWeek,
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
            Dimension::Language => "language",
            Dimension::Country => "country",
            Dimension::Organization => "organization",
            Dimension::Tag => "tag",
            Dimension::Intent => "intent",
            Dimension::SlaPolicy => "sla_policy",
            Dimension::HourOfDay => "hour_of_day",
            Dimension::DayOfWeek => "day_of_week",
        }
    }

    /// The dimension with this name, in either spelling of English.
    pub fn find(name: &str) -> Option<Self> {
        let name = if name == "organisation" { "organization" } else { name };
        DIMENSIONS.iter().copied().find(|dimension| dimension.name() == name)
    }

    /// Whether it is read off the time of an observation.
    pub fn is_of_time(self) -> bool {
        matches!(self, Dimension::HourOfDay | Dimension::DayOfWeek)
    }

    /// Its value at `at` in `zone`, for one that [`Dimension::is_of_time`].
    pub fn of_time(self, zone: Tz, at: Micros) -> Option<u32> {
        let local = buckets::local_time(zone, at);
        match self {
            Dimension::HourOfDay => Some(local.hour()),
            Dimension::DayOfWeek => Some(local.weekday().number_from_monday()),
            _ => None,
        }
    }
}

/// The dimension values of one observation; None = nobody, not known, does not apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dimensions<'a> {
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
    /// See [`Dimension::Language`].
    pub language: Option<Symbol>,
    /// See [`Dimension::Country`].
    pub country: Option<Symbol>,
    /// See [`Dimension::Organization`].
    pub organization: Option<Symbol>,
    /// See [`Dimension::Intent`].
    pub intent: Option<Symbol>,
    /// See [`Dimension::SlaPolicy`].
    pub sla_policy: Option<Symbol>,
    /// See [`Dimension::Tag`].
    pub tags: &'a [Symbol],
}

impl Dimensions<'_> {
    /// The value of one dimension that has one value and is not of time.
    pub fn get(&self, dimension: Dimension) -> Option<Symbol> {
        match dimension {
            Dimension::Channel => self.channel,
            Dimension::Tier => self.tier,
            Dimension::Priority => self.priority,
            Dimension::Queue => self.queue,
            Dimension::Agent => self.agent,
            Dimension::Team => self.team,
            Dimension::Customer => self.customer,
            Dimension::Language => self.language,
            Dimension::Country => self.country,
            Dimension::Organization => self.organization,
            Dimension::Intent => self.intent,
            Dimension::SlaPolicy => self.sla_policy,
            Dimension::Tag | Dimension::HourOfDay | Dimension::DayOfWeek => None,
        }
    }
}
