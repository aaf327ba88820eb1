//! What figures are added up from.

use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::facts::{Symbol, TicketIndex};
use crate::rows::{TicketRows, Took};

/// What an observation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A ticket.
    Ticket(TicketIndex),
    /// A customer.
    Customer(Symbol),
    /// A visit of the help centre.
    Session(Symbol),
    /// An agent.
    Agent(Symbol),
    /// A channel.
    Channel(Symbol),
}

/// One thing that a figure counts or measures.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'v> {
    /// The time that decides to which period it belongs.
    pub at: Micros,
    /// What it is about.
    pub subject: Subject,
    /// Whose and what kind.
    pub dimensions: Dimensions<'v>,
    /// Whether it has business hours: without them it is in no duration on that clock.
    pub has_calendar: bool,
    /// What was found.
    pub outcome: Outcome,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'v> {
    /// Its first instant.
    pub from: Micros,
    /// The first instant after it.
    pub to: Micros,
    /// What it is about.
    pub subject: Subject,
    /// Whose and what kind.
    pub dimensions: Dimensions<'v>,
    /// Whether it counts above the line; below it counts anyway.
    pub hit: bool,
}

/// What an observation found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It happened.
    Happened,
    /// A duration.
    Took(Took),
    /// A number: points, things, seconds that a source gave.
    Value(f64),
    /// It is of the kind the rate is about, or not.
    Hit(bool),
    /// An answer on a scale, and whether it is of the kind the rate is about.
    Score { score: f64, hit: bool },
    /// It stands above the line of a ratio, or below.
    Side { above: bool },
    /// Time that counts above and below the line.
    Time { above: Micros, below: Micros },
    /// It belongs to the period by its beginning and has no value yet.
    Open,
}

impl<'v> Observation<'v> {
    /// Something about a ticket.
    pub fn of(ticket: &TicketRows, at: Micros, dimensions: Dimensions<'v>, outcome: Outcome) -> Self {
        Self {
            at,
            subject: Subject::Ticket(ticket.index),
            dimensions,
            has_calendar: ticket.has_calendar,
            outcome,
        }
    }

    /// Something apart from any ticket.
    pub fn apart(subject: Subject, at: Micros, dimensions: Dimensions<'v>, outcome: Outcome) -> Self {
        Self {
            at,
            subject,
            dimensions,
            has_calendar: false,
            outcome,
        }
    }
}
