//! A tenant's own kinds of a state. Pure.

use chrono::{DateTime, Utc};
use vorrang_error::Error;

use crate::names;
use crate::state::State;

/// Most sub-states of a tenant.
pub const SUB_STATES_MAX: u64 = 100;

/// A sub-state as defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubState {
    /// 1 to 63 of `a-z0-9-`.
    pub id: String,
    /// The state it belongs to.
    pub state: State,
    /// What can be changed.
    pub profile: Profile,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// What can be changed about a sub-state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Name to be shown.
    pub display_name: String,
    /// Where it stands in lists.
    pub position: i32,
    /// Whether it can be given no more.
    pub archived: bool,
}

/// A field of a sub-state that can be changed, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Position,
    Archived,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "display_name" => Some(Self::DisplayName),
            "position" => Some(Self::Position),
            "archived" => Some(Self::Archived),
            _ => None,
        }
    }
}

impl SubState {
    /// Whether tickets have sub-states of this state: whoever names one has looked at the ticket, so that it is not NEW.
    pub fn suits(state: State) -> bool {
        state != State::New
    }

    /// A new one.
    pub fn new(id: String, state: State, profile: Profile, now: DateTime<Utc>) -> Self {
        Self {
            id,
            state,
            profile,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// Changes the named fields; whether anything changed.
    pub fn update(&mut self, profile: &Profile, fields: &[Field], now: DateTime<Utc>) -> bool {
        let before = self.profile.clone();
        for field in fields {
            match field {
                Field::DisplayName => self.profile.display_name.clone_from(&profile.display_name),
                Field::Position => self.profile.position = profile.position,
                Field::Archived => self.profile.archived = profile.archived,
            }
        }
        let changed = self.profile != before;
        if changed {
            self.revision += 1;
            self.updated_at = now;
        }
        changed
    }

    /// Refuses to be given together with `state`.
    ///
    /// # Errors
    /// Invalid `sub_state` when it is one of another state; precondition `SUB_STATE_ARCHIVED`.
    pub fn check_given(&self, state: State) -> Result<(), Error> {
        if self.state != state {
            return Err(Error::invalid_field(
                "sub_state",
                format!("is a sub-state of {}, not of {state}", self.state),
            ));
        }
        if self.profile.archived {
            return Err(Error::precondition(
                "SUB_STATE_ARCHIVED",
                "the sub-state is archived and is given to no ticket any more",
            )
            .with("sub_state", names::sub_state(&self.id)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_of_the_state_that_is_not_archived_can_be_given() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
        let profile = Profile {
            display_name: "Waits for parts".to_owned(),
            position: 1,
            archived: false,
        };
        let mut parts = SubState::new("parts".to_owned(), State::OnHold, profile.clone(), now);
        assert!(parts.check_given(State::OnHold).is_ok());
        let wrong = parts.check_given(State::Pending).expect_err("another state's");
        assert_eq!(wrong.violations()[0].field, "sub_state");
        assert!(
            !parts.update(&profile, &[Field::DisplayName, Field::Position], now),
            "nothing new"
        );
        let archived = Profile {
            archived: true,
            ..profile
        };
        assert!(parts.update(&archived, &[Field::Archived], now));
        assert_eq!(parts.revision, 2);
        let error = parts.check_given(State::OnHold).expect_err("archived");
        assert_eq!(error.reason(), "SUB_STATE_ARCHIVED");
        assert!(!SubState::suits(State::New) && SubState::suits(State::Closed));
    }
}
