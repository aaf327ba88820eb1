//! What a tenant's own field is.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use vorrang_error::{Error, Violations};

use super::{CustomValue, FieldId, Number};

pub use crate::words::FieldType;

/// Most characters of a text where the field says nothing.
pub const TEXT_MAX_DEFAULT: usize = 1_000;
/// Most characters of a code.
const CODE_MAX: usize = 100;
/// Most choices of a value.
const CHOSEN_MAX: usize = 50;

/// A field as defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its id.
    pub id: FieldId,
    /// What its values are.
    pub field_type: FieldType,
    /// What can be changed.
    pub profile: Profile,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// What can be changed about a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Name to be shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Where it stands in lists.
    pub position: i32,
    /// Whether a solved ticket must have it.
    pub required_on_solve: bool,
    /// Whether it takes no values any more.
    pub archived: bool,
    /// Of a text: most characters; none: [`TEXT_MAX_DEFAULT`].
    pub max_length: Option<i32>,
    /// Of a number: the least.
    pub min: Option<Number>,
    /// Of a number: the most.
    pub max: Option<Number>,
    /// What can be chosen, in its order.
    pub choices: Vec<Choice>,
}

/// A value that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// Name to be shown.
    pub display_name: String,
    /// Whether it can be chosen no more.
    pub archived: bool,
}

/// A field of a definition that can be changed, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Description,
    Position,
    RequiredOnSolve,
    Archived,
    MaxLength,
    Min,
    Max,
    Choices,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "display_name" => Self::DisplayName,
            "description" => Self::Description,
            "position" => Self::Position,
            "required_on_solve" => Self::RequiredOnSolve,
            "archived" => Self::Archived,
            "max_length" => Self::MaxLength,
            "min" => Self::Min,
            "max" => Self::Max,
            "choices" => Self::Choices,
            _ => return None,
        })
    }
}

impl Definition {
    /// A new one.
    ///
    /// # Errors
    /// Invalid, as [`Definition::update`].
    pub fn new(id: FieldId, field_type: FieldType, profile: Profile, now: DateTime<Utc>) -> Result<Self, Error> {
        let definition = Self {
            id,
            field_type,
            profile,
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        definition.check_profile()?;
        Ok(definition)
    }

    /// Changes the named fields; whether anything changed.
    ///
    /// # Errors
    /// Invalid, with every field: what the type has no use for, choices that are missing, a least that is more than the most.
    pub fn update(&mut self, profile: &Profile, fields: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        let mut next = self.clone();
        for field in fields {
            let (new, from) = (&mut next.profile, profile);
            match field {
                Field::DisplayName => new.display_name.clone_from(&from.display_name),
                Field::Description => new.description.clone_from(&from.description),
                Field::Position => new.position = from.position,
                Field::RequiredOnSolve => new.required_on_solve = from.required_on_solve,
                Field::Archived => new.archived = from.archived,
                Field::MaxLength => new.max_length = from.max_length,
                Field::Min => new.min = from.min,
                Field::Max => new.max = from.max,
                Field::Choices => new.choices.clone_from(&from.choices),
            }
        }
        if next == *self {
            return Ok(false);
        }
        next.check_profile()?;
        let gone = |old: &&Choice| !next.profile.choices.iter().any(|new| new.value == old.value);
        if let Some(lost) = self.profile.choices.iter().find(gone) {
            return Err(Error::invalid_field(
                "ticket_field.choices",
                format!("must still have {:?}; archive it instead of taking it away", lost.value),
            ));
        }
        next.revision += 1;
        next.updated_at = now;
        *self = next;
        Ok(true)
    }

    /// What the type has no use for, and what it needs.
    fn check_profile(&self) -> Result<(), Error> {
        let profile = &self.profile;
        let mut violations = Violations::new();
        let mut only_for = |field: &str, given: bool, suits: bool, types: &str| {
            if given && !suits {
                violations.add(
                    format!("ticket_field.{field}"),
                    format!("is only for fields of type {types}"),
                );
            }
        };
        let (is_text, is_number) = (self.field_type == FieldType::Text, self.field_type == FieldType::Number);
        only_for("max_length", profile.max_length.is_some(), is_text, "TEXT");
        only_for("min", profile.min.is_some(), is_number, "NUMBER");
        only_for("max", profile.max.is_some(), is_number, "NUMBER");
        let chosen = matches!(self.field_type, FieldType::Choice | FieldType::Choices);
        only_for("choices", !profile.choices.is_empty(), chosen, "CHOICE or CHOICES");
        if chosen && profile.choices.is_empty() {
            violations.add("ticket_field.choices", "must have at least one");
        }
        if let (Some(min), Some(max)) = (profile.min, profile.max)
            && min.get() > max.get()
        {
            violations.add("ticket_field.max", "must not be less than min");
        }
        violations.into_result()
    }

    /// Whether the value is one of this field; choices in their order, each once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: CustomValue) -> Result<CustomValue, String> {
        let profile = &self.profile;
        if value.field_type() != self.field_type {
            return Err(format!("must be a value of type {}", self.field_type.as_str()));
        }
        match &value {
            CustomValue::Text(text) => length(text, profile.text_max())?,
            CustomValue::Code(text) => length(text, CODE_MAX)?,
            CustomValue::Number(number)
                if profile.min.is_some_and(|min| number.get() < min.get())
                    || profile.max.is_some_and(|max| number.get() > max.get()) =>
            {
                let bound = |bound: Option<Number>| bound.map_or("any".to_owned(), |one| one.get().to_string());
                return Err(format!("must be from {} to {}", bound(profile.min), bound(profile.max)));
            }
            CustomValue::Date(date) if !(1900..=9999).contains(&date.year()) => {
                return Err("must be a day from 1900 to 9999".to_owned());
            }
            CustomValue::Choice(word) => self.check_choice(word)?,
            CustomValue::Choices(words) => {
                if words.is_empty() || words.len() > CHOSEN_MAX {
                    return Err(format!("must be 1 to {CHOSEN_MAX} choices"));
                }
                for word in words {
                    self.check_choice(word)?;
                }
                let in_order = profile.choices.iter().filter(|choice| words.contains(&choice.value));
                return Ok(CustomValue::Choices(
                    in_order.map(|choice| choice.value.clone()).collect(),
                ));
            }
            _ => {}
        }
        Ok(value)
    }

    fn check_choice(&self, word: &str) -> Result<(), String> {
        if self.profile.choices.iter().any(|choice| choice.value == word) {
            return Ok(());
        }
        let known: Vec<&str> = self
            .profile
            .choices
            .iter()
            .take(20)
            .map(|choice| choice.value.as_str())
            .collect();
        Err(format!("must be one of its choices, such as {}", known.join(", ")))
    }

    /// A choice in `value` that is archived and was not in `before`.
    pub(super) fn newly_archived<'a>(&self, before: Option<&CustomValue>, value: &'a CustomValue) -> Option<&'a str> {
        let had = before.map(CustomValue::choices).unwrap_or_default();
        let archived = |word: &&String| {
            let mut choices = self.profile.choices.iter();
            choices.any(|choice| choice.archived && choice.value == **word) && !had.contains(word)
        };
        value.choices().iter().find(archived).map(String::as_str)
    }
}

impl Profile {
    fn text_max(&self) -> usize {
        self.max_length
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(TEXT_MAX_DEFAULT)
    }
}

fn length(text: &str, most: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be empty; leave the field out to have no value".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("at most {most} characters"));
    }
    if text.contains('\0') {
        return Err("must not contain NUL characters".to_owned());
    }
    Ok(())
}
