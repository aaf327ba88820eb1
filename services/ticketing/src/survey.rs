//! What customers answer when they are asked. Pure.

use chrono::{DateTime, Utc};
use vorrang_error::Error;

use crate::ticket::Ticket;

/// The one survey there is: how satisfied a customer is with a solve.
pub const CSAT: &str = "csat";
/// The scale of [`CSAT`].
pub const CSAT_SCALE: std::ops::RangeInclusive<i32> = 1..=5;

/// An answer as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which survey.
    pub survey: String,
    /// The answer, on the survey's scale.
    pub score: i32,
    /// Which solve it is about, from 1.
    pub solve: i32,
    /// Who had the ticket at that solve.
    pub agent: Option<String>,
    /// When it was answered.
    pub answered_at: DateTime<Utc>,
}

/// Which solve an answer is about: the named one, or the last one for 0.
///
/// # Errors
/// Precondition `NOT_SOLVED` when the ticket has no such solve.
pub fn solve_of(ticket: &Ticket, solve: i32) -> Result<i32, Error> {
    let asked = if solve == 0 { ticket.solve_count } else { solve };
    if (1..=ticket.solve_count).contains(&asked) {
        return Ok(asked);
    }
    Err(
        Error::precondition("NOT_SOLVED", "the ticket has no such solve to answer about")
            .with("solve_count", ticket.solve_count.to_string()),
    )
}
