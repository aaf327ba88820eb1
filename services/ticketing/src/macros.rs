//! Macros: what agents do to many tickets with one click. Pure: reads no clock and no store.
//!
//! Never deleted: a macro is archived, and every version is kept, so that whatever used one can say what it was.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_error::Error;
use vorrang_service::Ids;

use crate::action::{Action, Doer, Surroundings};
use crate::names;
use crate::ticket::{Change, Ticket};

/// Macros of a tenant that are not archived.
pub const MACROS_MAX: u64 = 1_000;

/// A macro as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// Its id.
    pub id: Uuid,
    /// What can be changed.
    pub profile: Profile,
    /// When it was archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change: the version, and the etag.
    pub revision: i64,
}

/// What can be changed about a macro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name to be shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// What is done, in this order.
    pub actions: Vec<Action>,
}

/// A use of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Which.
    pub id: Uuid,
    /// Which version of it.
    pub version: i64,
    /// The messages written by it or from it.
    pub messages: Vec<Uuid>,
    /// Whether somebody began with its text and wrote on.
    pub by_hand: bool,
}

/// A field of a macro that can be changed, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Description,
    Actions,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "display_name" => Some(Self::DisplayName),
            "description" => Some(Self::Description),
            "actions" => Some(Self::Actions),
            _ => None,
        }
    }
}

impl Macro {
    /// A new macro.
    pub fn new(id: Uuid, profile: Profile, now: DateTime<Utc>) -> Self {
        Self {
            id,
            profile,
            archived_at: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// Sets the named fields; whether anything is another than before.
    ///
    /// # Errors
    /// Precondition `MACRO_ARCHIVED`.
    pub fn update(&mut self, given: Profile, which: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        self.check_usable()?;
        let before = self.profile.clone();
        for field in which {
            match field {
                Field::DisplayName => self.profile.display_name.clone_from(&given.display_name),
                Field::Description => self.profile.description.clone_from(&given.description),
                Field::Actions => self.profile.actions.clone_from(&given.actions),
            }
        }
        let changed = self.profile != before;
        if changed {
            self.touch(now);
        }
        Ok(changed)
    }

    /// Archives it, or takes it out of the archive; whether that changed anything.
    pub fn archive(&mut self, archived: bool, now: DateTime<Utc>) -> bool {
        if self.archived_at.is_some() == archived {
            return false;
        }
        self.archived_at = archived.then_some(now);
        self.touch(now);
        true
    }

    /// Refuses to use what is archived.
    ///
    /// # Errors
    /// Precondition `MACRO_ARCHIVED`.
    pub fn check_usable(&self) -> Result<(), Error> {
        match self.archived_at {
            None => Ok(()),
            Some(_) => Err(Error::precondition(
                "MACRO_ARCHIVED",
                "the macro is archived; restore it or take another one",
            )
            .with("macro", names::macro_name(self.id))),
        }
    }

    /// Does all that it says, or nothing. No changes: everything was so already, and that is no use of it.
    ///
    /// # Errors
    /// Precondition `MACRO_ARCHIVED`; the first action that is refused, with its place as `action`.
    pub fn apply(
        &self,
        ticket: &mut Ticket,
        doer: &Doer,
        around: &Surroundings,
        ids: &Ids,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        self.check_usable()?;
        let doer = Doer {
            from_macro: Some(self.id),
            ..doer.clone()
        };
        let mut after = ticket.clone();
        let mut changes = Vec::new();
        for (place, action) in self.profile.actions.iter().enumerate() {
            let done = action.apply(&mut after, &doer, around, ids, now);
            changes.extend(done.map_err(|refusal| refusal.with("action", place.to_string()))?);
        }
        if changes.is_empty() {
            return Ok(changes);
        }
        changes.push(Change::MacroApplied(self.used(&changes, false)));
        *ticket = after;
        Ok(changes)
    }

    /// That it was used for the messages among `changes`.
    pub fn used(&self, changes: &[Change], by_hand: bool) -> Used {
        Used {
            id: self.id,
            version: self.revision,
            messages: changes
                .iter()
                .filter_map(|change| match change {
                    Change::Message(message) => Some(message.id),
                    _ => None,
                })
                .collect(),
            by_hand,
        }
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated_at = now;
    }
}
