//! Which answer holds, and whom it rates.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use super::kind::{Kind, Repeats};
use super::sending::{Sending, State};
use crate::ticket::Ticket;

/// Characters of a comment.
pub const COMMENT_MAX: usize = 2_000;

/// An answer as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its id; the name of answers without a ticket.
    pub id: Uuid,
    /// What was asked.
    pub kind: Kind,
    /// The scale it was asked on.
    pub scale: (i32, i32),
    /// Whether the highest score is the best.
    pub high_is_good: bool,
    /// The survey's id; none: not one of ours.
    pub survey: Option<String>,
    /// Who answered; of one that was merged, the one it was merged into.
    pub customer: Uuid,
    /// For whom it was recorded: part of the name of an answer about no ticket, and never another.
    pub recorded_for: Uuid,
    /// What it is about.
    pub ticket: Option<Uuid>,
    /// Which solve it is about, from 1; 0 without a ticket.
    pub solve: i32,
    /// Who is rated.
    pub agent: Option<String>,
    /// The answer, on the scale.
    pub score: i32,
    /// What the customer added. Personal: a customer's own words; empty also when they were erased.
    pub comment: String,
    /// Whether there was a comment, even if it is gone.
    pub has_comment: bool,
    /// The sending it answers.
    pub sending: Option<Uuid>,
    /// Whether it came after the sending expired.
    pub late: bool,
    /// When it was answered.
    pub answered_at: DateTime<Utc>,
    /// When we stored it.
    pub recorded_at: DateTime<Utc>,
}

impl Answer {
    /// Whose key seals what is personal in it: the ticket's, else the customer's.
    pub fn owner(&self) -> Uuid {
        self.ticket.unwrap_or(self.recorded_for)
    }
}

/// Which solve an answer is about: the named one, or the last one for 0. A ticket that was reopened since keeps the solve.
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

/// Whether an answer at `at` to this sending is late.
///
/// # Errors
/// Precondition `SURVEY_CLOSED` when it is too late, `SURVEY_NOT_SENT` when nobody was asked; Invalid `answered_at` when it is
/// from before the sending.
pub fn late(sending: &Sending, at: DateTime<Utc>) -> Result<bool, Error> {
    let (State::Sent, Some(sent_at), Some(expires_at), Some(closes_at)) =
        (sending.state, sending.sent_at, sending.expires_at, sending.closes_at)
    else {
        return Err(Error::precondition("SURVEY_NOT_SENT", "the survey was not sent"));
    };
    if at < sent_at {
        return Err(Error::invalid_field(
            "answered_at",
            "must not be before the survey was sent",
        ));
    }
    if at > closes_at {
        return Err(
            Error::precondition("SURVEY_CLOSED", "the survey was closed before it was answered")
                .with("closed_at", closes_at.to_rfc3339()),
        );
    }
    Ok(at > expires_at)
}

/// When an answer was given that is told at `now`; none when the one that holds was given later, which then goes on holding.
///
/// Who says no time answers now, and never before what is replaced: the clocks of two processes differ a little, and a
/// correction must not be lost by that.
pub fn given_at(told: Option<DateTime<Utc>>, now: DateTime<Utc>, holds: Option<&Answer>) -> Option<DateTime<Utc>> {
    match (told.map(|told| told.min(now)), holds.map(|holds| holds.answered_at)) {
        (Some(told), Some(holds)) if told < holds => None,
        (Some(told), _) => Some(told),
        (None, Some(holds)) => Some(holds.max(now)),
        (None, None) => Some(now),
    }
}

/// Refuses a second answer where the first one stands.
///
/// # Errors
/// Precondition `ALREADY_ANSWERED`.
pub fn check_repeat(repeats: Repeats, earlier: Option<&Answer>) -> Result<(), Error> {
    match (repeats, earlier) {
        (Repeats::FirstStands, Some(_)) => Err(Error::precondition(
            "ALREADY_ANSWERED",
            "the question was answered before, and its first answer stands",
        )),
        _ => Ok(()),
    }
}
