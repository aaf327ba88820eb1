//! Which solves a survey is sent for.

use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vorrang_error::Error;

use super::definition::Survey;
use super::kind::Kind;
use crate::state::State;
use crate::ticket::{Change, Ticket};
use crate::words::{Disposition, words};

words! {
    /// What makes a survey be sent.
    Trigger {
        /// Nothing.
        Never = "NEVER",
        /// A solve.
        Solved = "SOLVED",
        /// Closing a ticket whose solve holds.
        Closed = "CLOSED",
    }
}

/// When a survey is sent by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What makes it be sent.
    pub trigger: Trigger,
    /// How long after that.
    pub delay: TimeDelta,
    /// A filter over the ticket; empty: all.
    pub condition: String,
    /// Which part of the solves, 0 to 1.
    pub share: f64,
    /// A customer is asked at most once in this time.
    pub every: Option<TimeDelta>,
    /// Lower is looked at first.
    pub position: i32,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            trigger: Trigger::Never,
            delay: TimeDelta::zero(),
            condition: String::new(),
            share: 1.0,
            every: None,
            position: 0,
        }
    }
}

/// The trigger that these changes of a ticket are; the ticket as it is after them.
///
/// A machine's ticket triggers nothing: nobody would answer, or another machine would. Neither does spam, what
/// was deleted, and what is of somebody who was erased. A close counts only while a solve
/// holds, since an answer is about a solve.
pub fn triggered(ticket: &Ticket, changes: &[Change]) -> Option<Trigger> {
    let moved = changes.iter().any(|change| matches!(change, Change::StateChanged(_)));
    let is_about_somebody = !ticket.automated && !ticket.erased && ticket.disposition == Disposition::Normal;
    if !moved || !is_about_somebody || ticket.solve_count == 0 {
        return None;
    }
    match ticket.state {
        State::Solved => Some(Trigger::Solved),
        State::Closed if ticket.solved_at.is_some() => Some(Trigger::Closed),
        _ => None,
    }
}

/// Of `surveys` (active, in their order) those that are to be sent: for each kind the first whose trigger and condition fit
/// decides, and its share says yes or no.
///
/// # Errors
/// Whatever `fits` says.
pub fn chosen<'a>(
    surveys: &'a [Survey],
    trigger: Trigger,
    tenant: &str,
    ticket: &Ticket,
    fits: impl Fn(&Survey) -> Result<bool, Error>,
) -> Result<Vec<&'a Survey>, Error> {
    let mut decided: Vec<Kind> = Vec::new();
    let mut chosen = Vec::new();
    for survey in surveys {
        if survey.rule.trigger != trigger || decided.contains(&survey.kind) || !fits(survey)? {
            continue;
        }
        decided.push(survey.kind);
        if is_in_share(survey, tenant, ticket.id, ticket.solve_count) {
            chosen.push(survey);
        }
    }
    Ok(chosen)
}

/// Whether the sample of a survey has this solve. Decided by a hash: the same on every replica and in every repeat, and a
/// larger share has all that a smaller one has.
pub fn is_in_share(survey: &Survey, tenant: &str, ticket: Uuid, solve: i32) -> bool {
    let mut hash = Sha256::new();
    hash.update((tenant.len() as u64).to_be_bytes());
    hash.update(tenant.as_bytes());
    hash.update(survey.id.as_bytes());
    hash.update(ticket.as_bytes());
    hash.update(solve.to_be_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    // 53 bits are what a double holds exactly.
    let point = (u64::from_be_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64;
    point < survey.rule.share
}

/// A rule as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored {
    trigger: String,
    delay_us: i64,
    condition: String,
    share: f64,
    every_us: Option<i64>,
}

impl Rule {
    /// As it is stored, without the position, which is a column of its own.
    pub fn stored(&self) -> Stored {
        let us = |span: TimeDelta| span.num_microseconds().unwrap_or(i64::MAX);
        Stored {
            trigger: self.trigger.as_str().to_owned(),
            delay_us: us(self.delay),
            condition: self.condition.clone(),
            share: self.share,
            every_us: self.every.map(us),
        }
    }

    /// As [`Rule::stored`] wrote it.
    ///
    /// # Errors
    /// Internal for a trigger that we do not know.
    pub fn read(stored: Stored, position: i32) -> Result<Self, Error> {
        Ok(Self {
            trigger: Trigger::from_str(&stored.trigger)?,
            delay: TimeDelta::microseconds(stored.delay_us),
            condition: stored.condition,
            share: stored.share,
            every: stored.every_us.map(TimeDelta::microseconds),
            position,
        })
    }
}
