//! Schedules: opening hours with names, versions and notes. What they come to is computed by `vorrang_calendar`. Pure.
//!
//! A version never changes: tickets are measured by what was written when they were opened, so every change of hours
//! writes a further version.

mod import;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use vorrang_calendar::VERSIONS_MAX;
use vorrang_error::Error;

pub use import::Imported;

/// Bytes that the exceptions of all versions of one schedule may have: they are read together.
const EXCEPTION_BYTES_MAX: usize = 1 << 20;

/// A schedule with all its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub id: Uuid,
    pub display_name: String,
    /// In the order of writing; at least one.
    pub versions: Vec<Version>,
    /// Since when nothing new can use it.
    pub archived_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One set of hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1.
    pub number: i32,
    pub hours: vorrang_calendar::Version,
    /// What is known about exceptions; those without a note have an empty one.
    pub notes: BTreeMap<NaiveDate, Note>,
}

/// What an exception is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    pub name: String,
    /// Of the calendar event it came from; empty: made by hand.
    pub uid: String,
}

/// A schedule as lists show it: with the version that counts today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    pub id: Uuid,
    pub display_name: String,
    pub version: Version,
    pub version_count: i32,
    pub archived_at: Option<DateTime<Utc>>,
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What somebody wants to be written. Only what they name is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub display_name: String,
    pub hours: vorrang_calendar::Version,
    pub notes: BTreeMap<NaiveDate, Note>,
}

/// The fields that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    TimeZone,
    Weekly,
    Exceptions,
}

/// What a change did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// How many versions were written.
    pub new_versions: usize,
    /// Names of the fields that changed; none of a new schedule.
    pub fields: Vec<&'static str>,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::DisplayName, Self::TimeZone, Self::Weekly, Self::Exceptions];

    /// The field of a mask's path.
    pub fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == path)
    }

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::DisplayName => "display_name",
            Self::TimeZone => "time_zone",
            Self::Weekly => "weekly",
            Self::Exceptions => "exceptions",
        }
    }
}

impl Schedule {
    /// A new schedule; its hours count always.
    ///
    /// # Errors
    /// Precondition `SCHEDULE_FULL` when its exceptions are too large.
    pub fn new(id: Uuid, wanted: Wanted, now: DateTime<Utc>) -> Result<Self, Error> {
        let first = Version {
            number: 1,
            hours: wanted.hours.written(now, None),
            notes: wanted.notes,
        };
        let schedule = Self {
            id,
            display_name: wanted.display_name,
            versions: vec![first],
            archived_at: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        schedule.check_size()?;
        Ok(schedule)
    }

    /// Changes the named fields; new hours count from `valid_from`, which is today when missing. `None`: nothing changed.
    ///
    /// # Errors
    /// Precondition `SCHEDULE_ARCHIVED`, `SCHEDULE_FULL`.
    pub fn update(
        &mut self,
        wanted: Wanted,
        fields: &[Field],
        valid_from: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Option<Change>, Error> {
        self.check_not_archived()?;
        let mut change = Change::default();
        if fields.contains(&Field::DisplayName) && self.display_name != wanted.display_name {
            self.display_name = wanted.display_name;
            change.fields.push(Field::DisplayName.name());
        }
        // Today is read in the zone in which the new hours will be.
        let zone = if fields.contains(&Field::TimeZone) {
            wanted.hours.zone()
        } else {
            self.latest().hours.zone()
        };
        let from = valid_from.unwrap_or_else(|| now.with_timezone(&zone).date_naive());
        let base = &self.versions[self.hours().on(from)];
        let mut next = base.clone();
        for field in fields {
            let hours = next.hours.clone();
            next.hours = match field {
                Field::DisplayName => hours,
                Field::TimeZone => hours.in_zone(wanted.hours.zone()),
                Field::Weekly => hours.with_week_of(&wanted.hours),
                Field::Exceptions => {
                    next.notes.clone_from(&wanted.notes);
                    hours.with_exceptions(wanted.hours.exceptions().clone())
                }
            };
        }
        let differs = [
            (Field::TimeZone, next.hours.zone() != base.hours.zone()),
            (Field::Weekly, next.hours.week() != base.hours.week()),
            (
                Field::Exceptions,
                next.hours.exceptions() != base.hours.exceptions() || next.notes != base.notes,
            ),
        ];
        let changed: Vec<&str> = differs
            .iter()
            .filter(|(_, differs)| *differs)
            .map(|(field, _)| field.name())
            .collect();
        if !changed.is_empty() {
            change.fields.extend(changed);
            change.new_versions = 1;
            self.write(next, from, now)?;
        }
        Ok(self.touched(change, now))
    }

    /// Archives it. `None`: it is archived already.
    pub fn archive(&mut self, now: DateTime<Utc>) -> Option<Change> {
        self.archived_at.is_none().then(|| {
            self.archived_at = Some(now);
            self.archived_changed(now)
        })
    }

    /// Takes it out of the archive. `None`: it is not in there.
    pub fn restore(&mut self, now: DateTime<Utc>) -> Option<Change> {
        self.archived_at.take().map(|_| self.archived_changed(now))
    }

    /// For everything that is to use it from now on.
    ///
    /// # Errors
    /// Precondition `SCHEDULE_ARCHIVED`.
    pub fn check_not_archived(&self) -> Result<(), Error> {
        match self.archived_at {
            None => Ok(()),
            Some(_) => Err(Error::precondition(
                "SCHEDULE_ARCHIVED",
                "the schedule is archived; restore it first",
            )),
        }
    }

    /// The hours of all versions, to compute with.
    pub fn hours(&self) -> vorrang_calendar::Schedule {
        let versions = self.versions.iter().map(|version| version.hours.clone()).collect();
        vorrang_calendar::Schedule::new(versions).expect("there are 1 to VERSIONS_MAX versions")
    }

    /// It with the version that counts today.
    pub fn overview(&self, now: DateTime<Utc>) -> Overview {
        let present = self.hours().on(self.today(now));
        Overview {
            id: self.id,
            display_name: self.display_name.clone(),
            version: self.versions[present].clone(),
            version_count: i32::try_from(self.versions.len()).unwrap_or(i32::MAX),
            archived_at: self.archived_at,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The local date, by the version that was written last.
    fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.latest().hours.zone()).date_naive()
    }

    fn latest(&self) -> &Version {
        self.versions.last().expect("a schedule has a version")
    }

    /// Writes a version that counts from `from`.
    fn write(&mut self, version: Version, from: NaiveDate, now: DateTime<Utc>) -> Result<(), Error> {
        let latest = self.latest();
        // A clock that was set back does not put a later version before an earlier one.
        let at = now.max(latest.hours.at());
        let number = latest.number + 1;
        self.versions.push(Version {
            number,
            hours: version.hours.written(at, Some(from)),
            notes: version.notes,
        });
        self.check_size()
    }

    fn check_size(&self) -> Result<(), Error> {
        let bytes: usize = self.versions.iter().map(Version::exception_bytes).sum();
        if self.versions.len() > VERSIONS_MAX || bytes > EXCEPTION_BYTES_MAX {
            return Err(Error::precondition(
                "SCHEDULE_FULL",
                format!(
                    "a schedule has at most {VERSIONS_MAX} versions, and exceptions of {EXCEPTION_BYTES_MAX} bytes in \
                     all of them; make a new one"
                ),
            ));
        }
        Ok(())
    }

    fn archived_changed(&mut self, now: DateTime<Utc>) -> Change {
        let fields = vec!["archived_at"];
        let change = Change {
            new_versions: 0,
            fields,
        };
        self.touched(change, now).unwrap_or_default()
    }

    fn touched(&mut self, change: Change, now: DateTime<Utc>) -> Option<Change> {
        if change == Change::default() {
            return None;
        }
        self.revision += 1;
        self.updated_at = now;
        Some(change)
    }
}

impl Version {
    /// The note of an exception.
    pub fn note(&self, date: NaiveDate) -> Note {
        self.notes.get(&date).cloned().unwrap_or_default()
    }

    /// About what its exceptions take to keep and to send.
    fn exception_bytes(&self) -> usize {
        let texts: usize = self.notes.values().map(|note| note.name.len() + note.uid.len()).sum();
        let hours: usize = self.hours.exceptions().values().map(Vec::len).sum();
        texts + 14 * hours + 32 * self.hours.exceptions().len()
    }
}
