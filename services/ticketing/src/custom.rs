//! The fields that a tenant adds to its tickets: what is defined, and what a ticket has of it. Pure.
//!
//! Fields are archived, never deleted, so that every value on a ticket has its definition. What a ticket has stays when a
//! definition changes; only what is newly given has to fit.

mod definition;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use vorrang_error::{Error, Violations};

pub use definition::{Choice, Definition, Field, FieldType, Profile};
pub use value::{CustomValue, Number};

/// Most fields of a tenant that are not archived.
pub const FIELDS_MAX: usize = 100;
/// Most fields of a tenant, archived ones too.
pub const FIELDS_EVER_MAX: usize = 500;
/// Most bytes of all values of a ticket: every event carries them.
pub const VALUES_BYTES_MAX: usize = 32 * 1024;

/// Id of a field: a letter of `a-z`, then `a-z0-9_`.
pub type FieldId = String;

/// The values that a ticket has.
pub type CustomFields = BTreeMap<FieldId, CustomValue>;

/// Which values an update sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomMask {
    /// All of them.
    pub all: bool,
    /// These.
    pub ids: BTreeSet<FieldId>,
}

impl CustomMask {
    /// All of them.
    pub fn all() -> Self {
        Self {
            all: true,
            ids: BTreeSet::new(),
        }
    }
}

/// The fields of a tenant, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions(BTreeMap<FieldId, Definition>);

impl Definitions {
    /// The field with this id.
    pub fn get(&self, id: &str) -> Option<&Definition> {
        self.0.get(id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.0.values()
    }

    /// Those that a solved ticket must have.
    pub fn required(&self) -> Vec<FieldId> {
        let required = |one: &&Definition| one.profile.required_on_solve && !one.profile.archived;
        self.iter().filter(required).map(|one| one.id.clone()).collect()
    }
}

impl FromIterator<Definition> for Definitions {
    fn from_iter<I: IntoIterator<Item = Definition>>(definitions: I) -> Self {
        Self(definitions.into_iter().map(|one| (one.id.clone(), one)).collect())
    }
}

/// What a ticket that has `stored` has after an update with `given`, each of whose values fits its definition.
///
/// # Errors
/// Invalid, with every field: a new value for an archived field or of an archived choice, or too many bytes in all. What
/// was there already is no violation, so that whoever reads a ticket can send it back.
pub fn merge(
    stored: &CustomFields,
    given: &CustomFields,
    mask: &CustomMask,
    definitions: &Definitions,
) -> Result<CustomFields, Error> {
    let mut ids = mask.ids.clone();
    if mask.all {
        ids.extend(stored.keys().chain(given.keys()).cloned());
    }
    let mut merged = stored.clone();
    let mut violations = Violations::new();
    for id in ids {
        let (before, after) = (stored.get(&id), given.get(&id));
        let archived = definitions.get(&id).is_none_or(|one| one.profile.archived);
        if before == after || (archived && after.is_none() && !mask.ids.contains(&id)) {
            continue;
        }
        if archived {
            violations.add(path(&id), "is archived and takes no values any more");
            continue;
        }
        match after {
            Some(value) => {
                if let Some(word) = definitions.get(&id).and_then(|one| one.newly_archived(before, value)) {
                    violations.add(path(&id), format!("{word:?} is archived and cannot be chosen any more"));
                }
                merged.insert(id, value.clone());
            }
            None => {
                merged.remove(&id);
            }
        }
    }
    let bytes: usize = merged.iter().map(|(id, value)| id.len() + value.bytes()).sum();
    if bytes > VALUES_BYTES_MAX && merged != *stored {
        violations.add(
            "ticket.custom_fields",
            format!("at most {VALUES_BYTES_MAX} bytes in all"),
        );
    }
    violations.into_result()?;
    Ok(merged)
}

/// What a new ticket has, opened with `given`.
///
/// # Errors
/// As [`merge`].
pub fn opening(given: &CustomFields, definitions: &Definitions) -> Result<CustomFields, Error> {
    merge(&CustomFields::new(), given, &CustomMask::all(), definitions)
}

/// Refuses to solve a ticket that lacks what a solved one must have.
///
/// # Errors
/// Precondition `REQUIRED_FIELDS_MISSING`, with the ids of all that are missing.
pub fn check_solved(values: &CustomFields, required: &[FieldId]) -> Result<(), Error> {
    let missing: Vec<&str> = required
        .iter()
        .filter(|id| !values.contains_key(*id))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::precondition(
        "REQUIRED_FIELDS_MISSING",
        format!("the ticket cannot be solved without {}", missing.join(", ")),
    )
    .with("fields", missing.join(",")))
}

/// Where a value stands in a request.
pub fn path(id: &str) -> String {
    format!("ticket.custom_fields.{id}")
}

#[cfg(test)]
mod tests;
