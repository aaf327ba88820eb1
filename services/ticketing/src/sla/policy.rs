//! A policy as a tenant's configuration. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;
use vorrang_sla::{Goal, Match, Policy};

use super::Condition;
use crate::names;

/// Policies of a tenant: all of them are looked at when a ticket is opened.
pub const POLICIES_MAX: usize = 200;

/// Where a policy stands in the order in which they are tried.
pub type Place = (bool, Option<i32>, i64, Uuid);

/// A policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaPolicy {
    /// Its id.
    pub id: Uuid,
    /// A name for people.
    pub display_name: String,
    /// To which tickets it promises what.
    pub rules: Policy,
    /// What else they must be.
    pub condition: Condition,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// The fields of a policy that a client sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDraft {
    /// A name for people.
    pub display_name: String,
    /// Lower comes first; none comes last.
    pub position: Option<i32>,
    /// To which tickets.
    pub matching: Match,
    /// What else they must be.
    pub condition: Condition,
    /// What is promised.
    pub goals: Vec<Goal>,
    /// `schedules/{uuid}`.
    pub schedule: Option<String>,
}

/// A field that `UpdateSlaPolicy` can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Position,
    Match,
    Condition,
    Goals,
    Schedule,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "display_name" => Some(Self::DisplayName),
            "position" => Some(Self::Position),
            "match" => Some(Self::Match),
            "condition" => Some(Self::Condition),
            "goals" => Some(Self::Goals),
            "schedule" => Some(Self::Schedule),
            _ => None,
        }
    }
}

impl SlaPolicy {
    /// A new policy.
    pub fn new(id: Uuid, draft: PolicyDraft, now: DateTime<Utc>) -> Self {
        Self {
            id,
            display_name: draft.display_name,
            rules: Policy {
                id: names::sla_policy(id),
                position: draft.position,
                age: now.timestamp_micros(),
                matching: draft.matching,
                goals: draft.goals,
                schedule: draft.schedule,
            },
            condition: draft.condition,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// Sets the named fields; says whether anything is another than before.
    pub fn update(&mut self, draft: PolicyDraft, which: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        let before = self.clone();
        for field in which {
            match field {
                Field::DisplayName => self.display_name.clone_from(&draft.display_name),
                Field::Position => self.rules.position = draft.position,
                Field::Match => self.rules.matching.clone_from(&draft.matching),
                Field::Condition => self.condition.clone_from(&draft.condition),
                Field::Goals => self.rules.goals.clone_from(&draft.goals),
                Field::Schedule => self.rules.schedule.clone_from(&draft.schedule),
            }
        }
        // What was valid on each side may not be together.
        if needs_schedule(&self.rules.goals, self.rules.schedule.as_deref()) {
            return Err(Error::invalid_field("sla_policy.schedule", SCHEDULE_NEEDED));
        }
        Ok(self.touch_if_changed(&before, now))
    }

    /// Where it stands among the others.
    pub fn place(&self) -> Place {
        let position = self.rules.position;
        (position.is_none(), position, self.rules.age, self.id)
    }

    fn touch_if_changed(&mut self, before: &Self, now: DateTime<Utc>) -> bool {
        if self == before {
            return false;
        }
        self.revision += 1;
        self.updated_at = now;
        true
    }
}

/// Why a policy without a schedule is refused.
pub const SCHEDULE_NEEDED: &str = "must be given when a goal is on the business clock";

/// Whether `goals` ask for a schedule that is not there: such a target would never exist.
pub fn needs_schedule(goals: &[Goal], schedule: Option<&str>) -> bool {
    let business = |goal: &Goal| goal.clock == vorrang_sla::ClockKind::Business;
    schedule.is_none() && goals.iter().any(business)
}

/// Puts policies in the order in which they are tried.
pub fn in_order(policies: &mut [SlaPolicy]) {
    policies.sort_by_key(SlaPolicy::place);
}

/// Gives `policies` the positions 1, 2, 3 … in the order of `ids`, and puts them in it. The result says which of them changed.
///
/// # Errors
/// Conflict `POLICIES_CHANGED` when `ids` are not all of them, each once.
pub fn reorder(policies: &mut [SlaPolicy], ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<bool>, Error> {
    let place = |id: Uuid| ids.iter().position(|one| *one == id);
    if ids.len() != policies.len() || policies.iter().any(|policy| place(policy.id).is_none()) {
        return Err(Error::conflict(
            "POLICIES_CHANGED",
            "the names must be all policies there are, each once; list them again",
        ));
    }
    policies.sort_by_key(|policy| place(policy.id));
    let mut changed = Vec::with_capacity(policies.len());
    for (position, policy) in (1..).zip(policies) {
        let before = policy.clone();
        policy.rules.position = Some(position);
        changed.push(policy.touch_if_changed(&before, now));
    }
    Ok(changed)
}
