//! An automation as a tenant defines it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_error::Error;
use vorrang_filter::{Filter, Schema};

use super::trigger::Trigger;
use crate::action::Action;
use crate::names;

/// Automations of a tenant that are not archived: each event is held against all of them.
pub const AUTOMATIONS_MAX: usize = 200;

/// An automation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// Its id.
    pub id: Uuid,
    /// What can be changed.
    pub profile: Profile,
    /// Its place in the order, from 1; 0: it is archived.
    pub position: i32,
    /// Since when it is enabled.
    pub enabled_at: Option<DateTime<Utc>>,
    /// The place in the log after which events set it off.
    pub enabled_after: i64,
    /// When it was archived, for good.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change: the version, and the etag.
    pub revision: i64,
    /// How often it was applied.
    pub applied_count: i64,
    /// When it was last applied.
    pub last_applied_at: Option<DateTime<Utc>>,
}

/// What can be changed about an automation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name to be shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// What sets it off.
    pub trigger: Trigger,
    /// What the ticket must be then, as it was given.
    pub condition: String,
    /// What is done, in this order.
    pub actions: Vec<Action>,
}

/// An automation whose condition was understood, or why it was not: fields that it names may have changed since.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The automation.
    pub automation: Automation,
    /// Its condition.
    pub filter: Result<Filter, String>,
}

/// A field of an automation that can be changed, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Description,
    Trigger,
    Condition,
    Actions,
}

impl Field {
    /// Reads a path of the update mask. The two triggers are one field.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "display_name" => Some(Self::DisplayName),
            "description" => Some(Self::Description),
            "on_events" | "on_time" => Some(Self::Trigger),
            "condition" => Some(Self::Condition),
            "actions" => Some(Self::Actions),
            _ => None,
        }
    }
}

impl Ready {
    /// Reads the condition.
    pub fn new(automation: Automation, schema: &Schema) -> Self {
        let filter = Filter::parse(&automation.profile.condition, schema).map_err(|wrong| wrong.to_string());
        Self { automation, filter }
    }
}

impl Automation {
    /// A new one, which does nothing until it is enabled.
    pub fn new(id: Uuid, profile: Profile, position: i32, now: DateTime<Utc>) -> Self {
        Self {
            id,
            profile,
            position,
            enabled_at: None,
            enabled_after: 0,
            archived_at: None,
            created_at: now,
            updated_at: now,
            revision: 1,
            applied_count: 0,
            last_applied_at: None,
        }
    }

    /// Sets the named fields; whether anything is another than before.
    ///
    /// # Errors
    /// Precondition `AUTOMATION_ARCHIVED`.
    pub fn update(&mut self, given: Profile, which: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        self.check_usable()?;
        let before = self.profile.clone();
        for field in which {
            match field {
                Field::DisplayName => self.profile.display_name.clone_from(&given.display_name),
                Field::Description => self.profile.description.clone_from(&given.description),
                Field::Trigger => self.profile.trigger.clone_from(&given.trigger),
                Field::Condition => self.profile.condition.clone_from(&given.condition),
                Field::Actions => self.profile.actions.clone_from(&given.actions),
            }
        }
        Ok(self.touch_if(self.profile != before, now))
    }

    /// Lets it work from now on, or no more; whether that changed anything. When it works anew is for the log to say.
    ///
    /// # Errors
    /// Precondition `AUTOMATION_ARCHIVED`.
    pub fn enable(&mut self, enabled: bool, now: DateTime<Utc>) -> Result<bool, Error> {
        self.check_usable()?;
        if self.enabled_at.is_some() == enabled {
            return Ok(false);
        }
        self.enabled_at = enabled.then_some(now);
        Ok(self.touch_if(true, now))
    }

    /// Archives it for good; whether that changed anything.
    pub fn archive(&mut self, now: DateTime<Utc>) -> bool {
        if self.archived_at.is_some() {
            return false;
        }
        self.enabled_at = None;
        self.archived_at = Some(now);
        self.position = 0;
        self.touch_if(true, now)
    }

    fn check_usable(&self) -> Result<(), Error> {
        match self.archived_at {
            None => Ok(()),
            Some(_) => Err(Error::precondition(
                "AUTOMATION_ARCHIVED",
                "the automation is archived for good; make another one",
            )
            .with("automation", names::automation(self.id))),
        }
    }

    fn touch_if(&mut self, changed: bool, now: DateTime<Utc>) -> bool {
        if changed {
            self.revision += 1;
            self.updated_at = now;
        }
        changed
    }
}

/// Gives automations the positions 1, 2, 3 … in the order of `ids`, and puts them in it. The result says which of them changed.
///
/// # Errors
/// Conflict `AUTOMATIONS_CHANGED` when `ids` are not all that are not archived, each once.
pub fn reorder(automations: &mut [Automation], ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<bool>, Error> {
    let place = |id: Uuid| ids.iter().position(|one| *one == id);
    if ids.len() != automations.len() || automations.iter().any(|one| place(one.id).is_none()) {
        return Err(Error::conflict(
            "AUTOMATIONS_CHANGED",
            "the names must be all automations that are not archived, each once; list them again",
        ));
    }
    automations.sort_by_key(|one| place(one.id));
    let mut changed = Vec::with_capacity(automations.len());
    for (position, one) in (1..).zip(automations) {
        let moved = one.position != position;
        one.position = position;
        changed.push(one.touch_if(moved, now));
    }
    Ok(changed)
}
