//! Agents. Pure.

use chrono::{DateTime, Utc};
use vorrang_error::Violations;

use crate::words::{Channel, Presence};

/// The type in the contract, for errors.
pub(crate) const TYPE: &str = "vorrang.routing.v1.Agent";

const DISPLAY_NAME_MAX_CHARS: usize = 200;
const TEAM_MAX_CHARS: usize = 100;

/// A human who answers customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub id: String,
    pub profile: Profile,
    pub presence: Presence,
    pub revision: i64,
    pub created_at: DateTime<Utc>,
}

/// What clients may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub display_name: String,
    pub team: String,
    /// True: cannot work.
    pub disabled: bool,
}

/// A field that clients may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    DisplayName,
    Team,
    Disabled,
}

impl Field {
    pub(crate) fn parse(path: &str) -> Option<Self> {
        match path {
            "display_name" => Some(Self::DisplayName),
            "team" => Some(Self::Team),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl Profile {
    /// Notes what is wrong with it.
    pub(crate) fn check(&self, violations: &mut Violations) {
        for (field, text, most) in [
            ("agent.display_name", &self.display_name, DISPLAY_NAME_MAX_CHARS),
            ("agent.team", &self.team, TEAM_MAX_CHARS),
        ] {
            if text.chars().count() > most {
                violations.add(field, format!("must have at most {most} characters"));
            }
            if text.contains('\0') {
                violations.add(field, "must not contain NUL characters");
            }
        }
    }
}

impl Agent {
    /// A new agent, not at work yet.
    pub(crate) fn create(id: String, profile: Profile, now: DateTime<Utc>) -> Self {
        Self {
            id,
            profile,
            presence: Presence::Offline,
            revision: 1,
            created_at: now,
        }
    }

    /// Takes `fields` over from `new`; tells whether anything changed.
    pub(crate) fn update(&mut self, new: &Profile, fields: &[Field]) -> bool {
        let before = self.profile.clone();
        for field in fields {
            match field {
                Field::DisplayName => self.profile.display_name.clone_from(&new.display_name),
                Field::Team => self.profile.team.clone_from(&new.team),
                Field::Disabled => self.profile.disabled = new.disabled,
            }
        }
        let changed = self.profile != before;
        if changed {
            self.revision += 1;
        }
        changed
    }
}

/// How many contacts of a channel at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub channel: Channel,
    /// 1 to 100.
    pub max: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::tests::at;

    #[test]
    fn only_named_fields_change_and_only_a_change_counts() {
        let mut agent = Agent::create("anna".to_owned(), Profile::default(), at(0));
        let new = Profile {
            display_name: "Anna".to_owned(),
            team: "first".to_owned(),
            disabled: true,
        };
        assert!(agent.update(&new, &[Field::DisplayName]));
        assert_eq!(
            (agent.profile.display_name.as_str(), agent.profile.team.as_str()),
            ("Anna", "")
        );
        assert_eq!((agent.profile.disabled, agent.revision), (false, 2));
        assert!(!agent.update(&new, &[Field::DisplayName]));
        assert_eq!(agent.revision, 2);
    }

    #[test]
    fn too_long_names_are_refused_together() {
        let mut violations = Violations::new();
        Profile {
            display_name: "x".repeat(201),
            team: "y".repeat(101),
            disabled: false,
        }
        .check(&mut violations);
        let error = violations.into_result().expect_err("both are too long");
        assert_eq!(error.violations().len(), 2);
    }

    #[test]
    fn names_that_no_database_takes_are_refused_together() {
        let mut violations = Violations::new();
        Profile {
            display_name: "An\0na".to_owned(),
            team: "\0".to_owned(),
            disabled: false,
        }
        .check(&mut violations);
        let error = violations.into_result().expect_err("both have a NUL");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["agent.display_name", "agent.team"]);
    }
}
