//! What colleagues find about colleagues' work, by rubric. Pure.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_error::{Error, Violations};

use crate::ticket::Ticket;

/// Most items of a rubric.
pub const ITEMS_MAX: usize = 100;
/// Most rubrics of a tenant.
pub const RUBRICS_MAX: u64 = 1_000;
/// The item whose points are a rating of the personal emotional connection.
pub const CONNECTION: &str = "pec";
/// What [`CONNECTION`] is out of: only then its points are such a rating.
pub const CONNECTION_OF: i32 = 5;

/// A version of a rubric.
#[derive(Debug, Clone, PartialEq)]
pub struct Rubric {
    /// Last part of its name.
    pub id: String,
    /// From 1; every change makes the next. The etag.
    pub version: i32,
    /// What it is called.
    pub display_name: String,
    /// What is looked at.
    pub items: Vec<Item>,
    /// Whether new reviews can use it.
    pub active: bool,
    /// When the rubric was made.
    pub created_at: DateTime<Utc>,
    /// When this version was made.
    pub updated_at: DateTime<Utc>,
}

/// One thing that a review looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub display_name: String,
    /// When it is good.
    pub description: String,
    /// How much it counts.
    pub weight: f64,
    /// The most points.
    pub of: i32,
}

/// A field that `UpdateRubric` can change, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RubricField {
    DisplayName,
    Items,
    Active,
}

impl RubricField {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "display_name" => Self::DisplayName,
            "items" => Self::Items,
            "active" => Self::Active,
            _ => return None,
        })
    }
}

impl Rubric {
    /// The next version, with the named fields from `from`; none when nothing changes.
    pub fn next(&self, from: &Self, fields: &[RubricField], now: DateTime<Utc>) -> Option<Self> {
        let mut next = self.clone();
        for field in fields {
            match field {
                RubricField::DisplayName => next.display_name.clone_from(&from.display_name),
                RubricField::Items => next.items.clone_from(&from.items),
                RubricField::Active => next.active = from.active,
            }
        }
        if next == *self {
            return None;
        }
        next.version += 1;
        next.updated_at = now;
        Some(next)
    }

    /// Points with what the rubric says about their items.
    ///
    /// # Errors
    /// Invalid with every item that is unknown, named twice or off its scale, and when none counts.
    pub fn judge(&self, given: &[(String, i32)]) -> Result<Vec<Points>, Error> {
        let mut violations = Violations::new();
        let mut seen = HashSet::new();
        let mut judged = Vec::with_capacity(given.len());
        for (index, (id, points)) in given.iter().enumerate() {
            let path = format!("review.items[{index}]");
            if !seen.insert(id) {
                violations.add(format!("{path}.id"), "is there twice");
            }
            let Some(item) = self.items.iter().find(|item| item.id == *id) else {
                violations.add(format!("{path}.id"), "is no item of the rubric's version");
                continue;
            };
            let lowest = i32::from(item.id == CONNECTION);
            if !(lowest..=item.of).contains(points) {
                violations.add(format!("{path}.points"), format!("must be {lowest} to {}", item.of));
            }
            judged.push(Points {
                id: item.id.clone(),
                points: *points,
                of: item.of,
                weight: item.weight,
            });
        }
        if violations.is_empty() && !judged.iter().any(|points| points.weight > 0.0) {
            violations.add("review.items", "must have an item that counts");
        }
        violations.into_result()?;
        Ok(judged)
    }
}

/// The points for one item, with what the rubric's version said about it: a review does not change when its rubric does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// Which item.
    pub id: String,
    /// What it got.
    pub points: i32,
    /// Out of how many.
    pub of: i32,
    /// How much it counts.
    pub weight: f64,
}

/// The weighted mean in percent: Σ weight · points ÷ of ÷ Σ weight × 100. At least one must have a weight.
pub fn score(points: &[Points]) -> f64 {
    let weights: f64 = points.iter().map(|one| one.weight).sum();
    let reached: f64 = points
        .iter()
        .map(|one| one.weight * f64::from(one.points) / f64::from(one.of))
        .sum();
    reached / weights * 100.0
}

/// A review as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Its id.
    pub id: Uuid,
    /// The ticket.
    pub ticket: Uuid,
    /// Whose work.
    pub agent: String,
    /// Who reviews.
    pub reviewer: String,
    /// By which rubric.
    pub rubric: String,
    /// Which version of it.
    pub version: i32,
    /// What was found.
    pub items: Vec<Points>,
    /// What else there is to say. Personal: may quote the customer; empty also when it was erased.
    pub comment: String,
    /// When it was reviewed.
    pub reviewed_at: DateTime<Utc>,
    /// Rises with every change; the etag.
    pub revision: i64,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A field that `UpdateReview` can change, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewField {
    Items,
    Comment,
}

impl ReviewField {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "items" => Self::Items,
            "comment" => Self::Comment,
            _ => return None,
        })
    }
}

/// Whose work is reviewed when the review does not say: who had the ticket at its last solve, else who has it.
///
/// # Errors
/// Precondition `NOBODY_TO_REVIEW`; Invalid `review.reviewer` when both are the same: nobody judges their own work.
pub fn reviewed(
    ticket: &Ticket,
    at_last_solve: Option<String>,
    named: Option<String>,
    reviewer: &str,
) -> Result<String, Error> {
    let agent = named
        .or(at_last_solve)
        .or_else(|| ticket.assignee.clone())
        .ok_or_else(|| Error::precondition("NOBODY_TO_REVIEW", "nobody has or had the ticket; say whose work it is"))?;
    if agent == reviewer {
        return Err(Error::invalid_field(
            "review.reviewer",
            "must not be the agent whose work it is",
        ));
    }
    Ok(agent)
}

#[cfg(test)]
mod tests;
