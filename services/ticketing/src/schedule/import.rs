//! Holidays into a schedule. Pure.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use vorrang_calendar::EXCEPTIONS_MAX;
use vorrang_calendar::holidays::{self, Closure, Holiday, Holidays};
use vorrang_error::{Error, Violation};

use super::{Change, Field, Note, Schedule, Version};

/// What became of an import: dates by what was done with them, each in one of the sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Of the file.
    pub events: usize,
    /// Of those.
    pub cancelled: usize,
    pub added: BTreeSet<NaiveDate>,
    pub updated: BTreeSet<NaiveDate>,
    pub unchanged: BTreeSet<NaiveDate>,
    /// Made by hand, or by another event.
    pub kept: BTreeSet<NaiveDate>,
    pub past: BTreeSet<NaiveDate>,
    /// Numbers of the versions that were written.
    pub versions: Vec<i32>,
}

impl Schedule {
    /// Adds the holidays of `years` in an iCalendar file to the version that counts today and to all that are announced:
    /// each gets a successor that counts from the same day on, the present one from today.
    ///
    /// # Errors
    /// Invalid with everything that is wrong with the file; Precondition `SCHEDULE_ARCHIVED`, `SCHEDULE_FULL`.
    pub fn import(
        &mut self,
        calendar: &str,
        years: &RangeInclusive<i32>,
        now: DateTime<Utc>,
    ) -> Result<(Imported, Option<Change>), Error> {
        self.check_not_archived()?;
        let today = self.today(now);
        let hours = self.hours();
        let mut targets = vec![(today, hours.on(today))];
        targets.extend(hours.after(today));
        // Versions may be in different zones, and a time falls on different dates there.
        let mut read: Vec<(Tz, Holidays)> = Vec::new();
        let mut imported = Imported::default();
        for (from, index) in targets {
            let base = self.versions[index].clone();
            let zone = base.hours.zone();
            let known = match read.iter().position(|(known, _)| *known == zone) {
                Some(known) => known,
                None => {
                    let found = holidays::read(calendar, zone, years.clone()).map_err(refused)?;
                    read.push((zone, found));
                    read.len() - 1
                }
            };
            let found = &read[known].1;
            (imported.events, imported.cancelled) = (found.events, found.cancelled);
            let (past, coming): (Vec<Holiday>, Vec<Holiday>) =
                found.days.iter().cloned().partition(|holiday| holiday.date < from);
            imported.past.extend(
                past.into_iter()
                    .map(|holiday| holiday.date)
                    .filter(|date| *date < today),
            );
            if let Some(next) = close(base, &coming, &mut imported) {
                if next.hours.exceptions().len() > EXCEPTIONS_MAX {
                    let reason = format!("a schedule has at most {EXCEPTIONS_MAX} exceptions; import fewer years");
                    return Err(Error::precondition("SCHEDULE_FULL", reason));
                }
                self.write(next, from, now)?;
                imported.versions.push(self.latest().number);
            }
        }
        imported.settle();
        let mut change = Change::default();
        if !imported.versions.is_empty() {
            change.new_versions = imported.versions.len();
            change.fields.push(Field::Exceptions.name());
        }
        let change = self.touched(change, now);
        Ok((imported, change))
    }
}

impl Imported {
    /// A date that fared differently in several versions is told where most was done to it.
    fn settle(&mut self) {
        for date in &self.added {
            self.updated.remove(date);
        }
        for date in self.added.union(&self.updated) {
            self.kept.remove(date);
        }
        for date in self.added.union(&self.updated).chain(&self.kept) {
            self.unchanged.remove(date);
        }
    }
}

/// `version` with these holidays; `None` when they are all in it.
fn close(version: Version, coming: &[Holiday], imported: &mut Imported) -> Option<Version> {
    let mut exceptions = version.hours.exceptions().clone();
    let mut notes = version.notes.clone();
    let mut changed = false;
    for (date, Closure { uid, name, hours }) in holidays::closures(coming, version.hours.week()) {
        let known = version.note(date);
        let (done, write) = match exceptions.get(&date) {
            None => (&mut imported.added, true),
            Some(_) if known.uid != uid => (&mut imported.kept, false),
            Some(before) if *before == hours && known.name == name => (&mut imported.unchanged, false),
            Some(_) => (&mut imported.updated, true),
        };
        done.insert(date);
        if write {
            exceptions.insert(date, hours);
            notes.insert(date, Note { name, uid });
            changed = true;
        }
    }
    changed.then(|| Version {
        hours: version.hours.with_exceptions(exceptions),
        notes,
        ..version
    })
}

fn refused(refusals: Vec<holidays::Refusal>) -> Error {
    let violations = refusals.into_iter().map(|refusal| Violation {
        field: "calendar".to_owned(),
        description: refusal.to_string(),
    });
    Error::invalid(violations.collect())
}
